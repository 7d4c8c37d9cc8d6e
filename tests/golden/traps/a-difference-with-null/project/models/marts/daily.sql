/*---
description: Departures of each carrier.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
dimensions: [flight_date, carrier]
measures:
  late_minutes: {sum: "IF(dep_delay > 0, dep_delay, NULL)"}
  early_minutes: {sum: "IF(dep_delay < 0, -dep_delay, NULL)"}
---*/
SELECT flight_date, carrier, origin, dep_delay FROM lake.flights
