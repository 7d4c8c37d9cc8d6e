/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
FROM lake.flights
|> WHERE dep_delay > 15
|> AGGREGATE COUNT(*) AS flights GROUP BY flight_date
|> SELECT flight_date, flights
