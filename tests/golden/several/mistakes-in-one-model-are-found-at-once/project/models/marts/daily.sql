/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [nope]
cluster: [nor_this]
inputs: {lake.flights: {last: 3 hours}}
checks:
  - nut_null: [flight_date]
---*/
SELECT flight_date, COUNT(*), SUM(dep_delay) AS `a b`, @begin AS x
FROM lake.flights
GROUP BY flight_date
LIMIT 5
