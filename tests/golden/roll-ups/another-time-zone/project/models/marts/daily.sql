/*---
description: Delays of each carrier at each origin, per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
dimensions: [flight_date, carrier, origin]
measures:
  flights: {count: "*"}
  delay: {avg: dep_delay}
  carriers: {distinct: carrier}
columns: {delay: Mean delay in minutes, flights: Departures, carriers: Different carriers}
---*/
SELECT flight_date, carrier, origin, dep_delay, time_hour FROM lake.flights
