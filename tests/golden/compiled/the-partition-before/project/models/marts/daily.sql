/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {marts.daily: previous}
---*/
SELECT @start AS flight_date, SUM(flights) AS flights
FROM (
  SELECT flights FROM marts.daily
  UNION ALL
  SELECT COUNT(*) FROM lake.flights
)
