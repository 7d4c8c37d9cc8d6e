/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH now AS (
  SELECT CURRENT_TIMESTAMP AS at, CURRENT_DATE('UTC') AS today
)
SELECT flight_date, at, today, CURRENT_TIME() AS clock, CURRENT_DATETIME AS moment, 'CURRENT_DATE' AS text -- CURRENT_DATE
FROM lake.flights CROSS JOIN now
