/*---
description: How late departures were, by carrier and day, as the number of departures in each band of minutes.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [carrier]
key: [flight_date, carrier]
columns:
  departures: Flights that departed; the sum of the bands
  up_to_15: Early, or at most 15 minutes late
  over_15_to_30: More than 15 and at most 30 minutes late
  over_30_to_60: More than 30 and at most 60 minutes late
  over_60_to_120: More than 60 and at most 120 minutes late
  over_120: More than two hours late
checks:
  - not_null: [carrier]
  - expect_column_values_to_be_between: {column: over_120, min_value: 0, max_value: 500}
tags: [on-time]
---*/
SELECT
  flight_date,
  carrier,
  COUNT(dep_delay) AS departures,
  {{ delay_bands('dep_delay', [vars.on_time_minutes] + vars.late_bands) }}
FROM staging.flights
GROUP BY flight_date, carrier
