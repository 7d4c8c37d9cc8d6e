/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
FROM lake.flights AS f
|> EXTEND f.dep_delay > 15 AS is_late
|> SET carrier = LOWER(f.carrier)
|> RENAME carrier AS airline
|> DROP time_hour
|> WHERE f.origin = 'JFK'
|> AGGREGATE COUNT(*) AS flights, COUNTIF(is_late) AS late GROUP BY f.flight_date, airline
