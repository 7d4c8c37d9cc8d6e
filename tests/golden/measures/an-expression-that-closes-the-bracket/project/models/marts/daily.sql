/*---
description: Delays of each carrier at each origin, per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
dimensions: [flight_date, carrier, origin]
measures:
  flights: {count: "*"}
  odd: {sum: "dep_delay) AS x, COUNT(origin"}
columns: {flights: Departures, odd: Something else}
---*/
SELECT flight_date, carrier, origin, dep_delay, time_hour FROM lake.flights
