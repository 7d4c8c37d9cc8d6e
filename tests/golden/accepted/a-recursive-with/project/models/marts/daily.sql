/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH RECURSIVE days AS (
  SELECT DATE '2013-01-01' AS day
  UNION ALL
  SELECT DATE_ADD(day, INTERVAL 1 DAY) FROM days WHERE day < '2013-01-31'
)
SELECT days.day AS flight_date, COUNT(f.carrier) AS flights
FROM days LEFT JOIN lake.flights AS f ON f.flight_date = days.day
GROUP BY days.day
