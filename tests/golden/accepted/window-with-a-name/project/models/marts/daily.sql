/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, carrier, SUM(dep_delay) OVER w AS delay, RANK() OVER (w ORDER BY dep_delay) AS place
FROM lake.flights
WINDOW w AS (PARTITION BY flight_date)
