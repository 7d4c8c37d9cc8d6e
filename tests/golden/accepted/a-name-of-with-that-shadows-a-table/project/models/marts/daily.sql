/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH flights AS (
  SELECT flight_date, carrier FROM lake.flights WHERE dep_delay IS NOT NULL
)
SELECT flight_date, COUNT(*) AS departures FROM flights GROUP BY flight_date
