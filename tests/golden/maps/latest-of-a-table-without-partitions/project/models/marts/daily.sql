/*---
description: Flights per day and airline.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {lake.airlines: {latest: 7 days}}
---*/
SELECT flights.flight_date, airlines.name, COUNT(*) AS flights
FROM lake.flights
JOIN lake.airlines ON airlines.carrier = flights.carrier
GROUP BY flights.flight_date, airlines.name
