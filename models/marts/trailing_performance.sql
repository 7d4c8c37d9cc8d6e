/*---
description: On-time performance of each carrier at each origin over the seven days that end with flight_date.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-07}      # the first day with a whole week behind it
cluster: [carrier, origin]
key: [flight_date, carrier, origin]
inputs: {marts.daily_performance: {last: 7 days}}
columns:
  flight_date: {type: DATE, description: Last of the seven days}
  days_flown: Days of the seven on which the carrier had flights here
  flights: Scheduled flights, cancelled ones included
  departures: Flights that departed, on time or not
  on_time_rate: Share of departures at most 15 minutes late
  cancellation_rate: Share of flights that never departed
  avg_dep_delay: Mean departure delay in minutes; early departures count as negative
checks:
  - not_null: [carrier, origin]
  - expect_column_values_to_be_between: {column: days_flown, min_value: 1, max_value: 7}
  - expect_column_values_to_be_between: {column: on_time_rate, min_value: 0, max_value: 1}
  - expect_column_values_to_be_between: {column: cancellation_rate, min_value: 0, max_value: 1}
tags: [on-time]
---*/
-- Reads the small daily table rather than flights: each flight would otherwise be read on seven days.
SELECT
  DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date,
  carrier,
  origin,
  COUNT(DISTINCT flight_date) AS days_flown,
  SUM(flights) AS flights,
  SUM(departures) AS departures,
  -- From counts, so that a busy Friday weighs more than a quiet Saturday.
  SAFE_DIVIDE(SUM(on_time_departures), SUM(departures)) AS on_time_rate,
  SAFE_DIVIDE(SUM(cancellations), SUM(flights)) AS cancellation_rate,
  SAFE_DIVIDE(SUM(dep_delay_minutes), SUM(departures)) AS avg_dep_delay
FROM marts.daily_performance
GROUP BY carrier, origin
