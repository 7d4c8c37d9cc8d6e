/*---
description: Departures of each carrier.
owner: ops@example.com
partition: {by: time_hour, grain: hour, from: 2013-01-01}
dimensions: [time_hour, carrier]
measures:
  flights: {count: "*"}
---*/
SELECT time_hour, carrier FROM lake.flights
