/*---
description: Flights per day, and so far.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {marts.daily: {latest: 7 days}}
---*/
SELECT flights.flight_date, COUNT(*) AS flights, MAX(before.so_far) + COUNT(*) AS so_far
FROM lake.flights
LEFT JOIN marts.daily AS before ON TRUE
GROUP BY flights.flight_date
