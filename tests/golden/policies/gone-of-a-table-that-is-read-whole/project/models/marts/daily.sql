/*---
description: Flights per day and name.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, name]
inputs: {lake.airlines: {gone: keep}, lake.flights: {gone: keep}}
---*/
SELECT flights.flight_date, airlines.name, COUNT(*) AS flights
FROM lake.flights
LEFT JOIN lake.airlines ON airlines.carrier = flights.carrier
GROUP BY flights.flight_date, airlines.name
