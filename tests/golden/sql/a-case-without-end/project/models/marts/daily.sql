/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, CASE WHEN dep_delay > 15 THEN 1 AS late
FROM lake.flights
