/*---
description: Flights of each carrier and day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, carrier]
---*/
SELECT
  flight_date,
  carrier,
  COUNT(*) AS flights,
  AVG(dep_delay) AS delay,
  COUNTIF(dep_delay <= 15) / COUNT(*) AS on_time,
  COUNT(DISTINCT origin) AS origins
FROM lake.flights
GROUP BY flight_date, carrier
HAVING COUNT(*) > 10
