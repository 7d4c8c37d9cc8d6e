/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH late AS (
  SELECT flight_date, dep_delay FROM lake.flights
)
SELECT flight_date, SUM(delay) AS delay FROM late GROUP BY flight_date
