/*---
description: Delays of each carrier at each origin, per day.
owner: ops@example.com
dimensions: [flight_date, carrier, origin]
measures:
  flights: {count: "*"}
  delay: {avg: dep_delay}
  carriers: {distinct: carrier}
columns: {delay: Mean delay in minutes, flights: Departures, carriers: Different carriers}
---*/
SELECT flight_date, carrier, origin, dep_delay, time_hour FROM lake.flights
