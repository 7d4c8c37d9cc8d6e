/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT f.flight_date, SUM(f.dep_dely) AS delay
FROM lake.flights AS f
GROUP BY f.flight_date
