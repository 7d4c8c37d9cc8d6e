/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH late AS (SELECT flight_date, carrier FROM lake.flights WHERE dep_delay > 15)
SELECT flight_date, COUNT(*) AS flights
FROM late
WHERE carrier IN (SELECT carrier FROM lake.airlines)
  AND carrier NOT IN (SELECT carrier FROM lake.flights WHERE origin = 'JFK')
GROUP BY flight_date
