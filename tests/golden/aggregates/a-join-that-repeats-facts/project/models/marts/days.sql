/*---
description: Flights of each airline and day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
dimensions: [flight_date, name]
measures:
  flights: {count: "*"}
---*/
SELECT flights.flight_date, airlines.name
FROM lake.flights AS flights
LEFT JOIN lake.airlines AS airlines ON airlines.carrier = flights.carrier
