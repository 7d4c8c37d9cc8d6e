/*---
description: Delays of each carrier at each origin, per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
dimensions: [flight_date, carrier, origin]
measures:
  late: {countif: is_lte}
---*/
SELECT flight_date, carrier, origin, dep_dely > {{ vars.on_time_minutes }} AS is_late FROM lake.flights
