/*---
description: Departures of each carrier.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
dimensions: [flight_date, carrier]
measures:
  airports: {top: origin, n: 5}
---*/
SELECT flight_date, carrier, origin, dep_delay FROM lake.flights
