/*---
description: Punctuality and volume of each carrier, per month.
owner: ops-analytics@example.com
schedule: monthly
partition: {by: flight_month, grain: month, from: 2013-01-01}
key: [flight_month, carrier]
columns:
  flight_month: First day of the month
  flights: Scheduled flights, cancelled ones included
  departures: Flights that departed, on time or not
  on_time_rate: Share of departures at most 15 minutes late
  cancellation_rate: Share of flights that never departed
  avg_dep_delay: Mean departure delay in minutes; early departures count as negative
  miles_flown: Sum of the distances of the flights that departed
checks:
  - not_null: [carrier]
  - expect_column_values_to_be_between: {column: on_time_rate, min_value: 0, max_value: 1}
  - expect_table_row_count_to_be_between: {min_value: 10, max_value: 30}
tags: [on-time]
---*/
SELECT
  DATE_TRUNC(flight_date, MONTH) AS flight_month,
  carrier,
  SUM(flights) AS flights,
  SUM(departures) AS departures,
  -- The mean of the daily rates would be up to 12 points off: days differ in size.
  SAFE_DIVIDE(SUM(on_time_departures), SUM(departures)) AS on_time_rate,
  SAFE_DIVIDE(SUM(cancellations), SUM(flights)) AS cancellation_rate,
  SAFE_DIVIDE(SUM(dep_delay_minutes), SUM(departures)) AS avg_dep_delay,
  SUM(miles_flown) AS miles_flown
FROM marts.daily_performance
GROUP BY flight_month, carrier
