/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, SUM(IF(dep_delay > 0, 1, 0) AS late
FROM lake.flights
GROUP BY flight_date
