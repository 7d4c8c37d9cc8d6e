/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
FROM lake.flights
|> WINDOW COUNT(*) OVER (PARTITION BY flight_date) AS flights
|> SELECT flight_date, flights
