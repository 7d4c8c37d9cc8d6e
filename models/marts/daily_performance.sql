/*---
description: On-time performance of each carrier at each origin, per day.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [carrier, origin]
key: [flight_date, carrier, origin]                 # what makes a row unique: becomes a check
columns:
  flights: Scheduled flights, cancelled ones included
  on_time_rate: Share of departures at most 15 minutes late
  departures: Flights that departed, on time or not
  on_time_departures: Departures at most 15 minutes late
  cancellations: Flights that never departed
  dep_delay_minutes: Sum of departure delays; early departures count as negative
  miles_flown: Sum of the distances of the flights that departed
checks:
  - not_null: [carrier, origin]
  - expect_column_values_to_be_between: {column: on_time_rate, min_value: 0, max_value: 1}
freshness: {warn_after: 26h, error_after: 48h}
budget: {bytes: 5 GB}
tags: [on-time]
---*/
SELECT
  flight_date,
  carrier,
  origin,
  COUNT(*) AS flights,
  SAFE_DIVIDE(COUNTIF(dep_delay <= 15), COUNT(dep_delay)) AS on_time_rate,
  -- Rates cannot be averaged over days or airports. These can be added up, so longer periods are built from them.
  COUNT(dep_delay) AS departures,
  COUNTIF(dep_delay <= 15) AS on_time_departures,
  COUNTIF(cancelled) AS cancellations,
  SUM(dep_delay) AS dep_delay_minutes,
  SUM(IF(cancelled, 0, distance)) AS miles_flown
FROM staging.flights
GROUP BY flight_date, carrier, origin
