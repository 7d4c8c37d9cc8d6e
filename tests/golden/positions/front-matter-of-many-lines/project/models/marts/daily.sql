/*---
description: Flights per day.
tags:
  - ä
  - b
# {{ not a tag }}
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT flight_date, {{ 1 }} AS one, SUM(dep_dely) AS delay
FROM lake.flights
GROUP BY flight_date
