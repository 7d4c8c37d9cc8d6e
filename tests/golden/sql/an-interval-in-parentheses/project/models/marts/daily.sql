/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT
  flight_date,
  DATE_ADD(flight_date, (INTERVAL dep_delay + 1 DAY)) AS next_day
FROM lake.flights
