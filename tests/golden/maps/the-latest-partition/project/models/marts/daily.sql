/*---
description: Flights per day and city, with the airports as they were last known.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {lake.airports: {latest: 7 days}}
---*/
SELECT flights.flight_date, airports.city, COUNT(*) AS flights
FROM lake.flights
JOIN lake.airports ON airports.airport = flights.origin
GROUP BY flights.flight_date, airports.city
