/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, carrier
FROM (SELECT flight_date, carrier FROM lake.flights LIMIT 10)
WHERE carrier IN (SELECT carrier FROM lake.airlines ORDER BY carrier LIMIT 1)
UNION ALL
(SELECT flight_date, carrier FROM lake.flights LIMIT 3)
LIMIT 5
