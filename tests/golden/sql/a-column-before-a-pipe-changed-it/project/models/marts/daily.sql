/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
FROM lake.flights AS f
|> SET carrier = LOWER(carrier)
|> AGGREGATE COUNT(*) AS flights GROUP BY flight_date, f.carrier
