/*---
description: >-
  Delays, punctuality and fleet of each carrier at each origin, per day, with all that longer periods are made from.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [carrier, origin]
dimensions: [flight_date, carrier, origin]
measures:
  flights: {count: "*"}
  delayed: {countif: dep_delay > 15}
  dep_delay: {avg: dep_delay}
  on_time: {ratio: {num: COUNTIF(dep_delay <= 15), den: COUNT(dep_delay)}}
  delay: {quantile: dep_delay, phi: [0.5, 0.9], method: histogram}
  planes: {distinct: tailnum, method: hll, precision: 15}
  fleet: {distinct: tailnum, method: active_days}
  seats: {last: seats, by: time_hour, over_time: last}
columns:
  flights: Scheduled flights, cancelled ones included
  delayed: Departures more than 15 minutes late
  dep_delay: Mean departure delay in minutes; early departures count as negative
  on_time: Share of departures at most 15 minutes late
  delay_p50: Median departure delay in minutes
  delay_p90: Departure delay in minutes that one departure in ten exceeds
  planes: Different aircraft, estimated from a sketch
  fleet: Different aircraft, exactly
  seats: Seats on offer in the last hour with departures; adds up over carriers and airports, not over days
checks:
  - not_null: [carrier, origin, flights, planes]
  - expect_column_values_to_be_between: {column: on_time, min_value: 0, max_value: 1}
size: {rows: 33, bytes: 36 kB}                       # of a day; about 1 kB of states in each row
tags: [on-time]
---*/
SELECT flights.flight_date, flights.carrier, flights.origin, flights.tailnum, flights.time_hour, flights.dep_delay, planes.seats
FROM staging.flights AS flights
LEFT JOIN dims.planes AS planes ON planes.tailnum = flights.tailnum
