/*---
description: Flights per day.
owner: ops@example.com
schedule: daily
kind: table
partition: {by: flight_date, grain: day, from: 2013-01-01, to: 2014-01-01, zone: Europe/Paris}
cluster: flights
key: [flight_date]
inputs: {lake.flights: {last: 7 days, gone: keep}}
on_change: from 2013-06-01
volatile: 1 day
lookback: 3 days
columns:
  flight_date: {type: DATE, description: "Day: local"}
  flights: Number of flights
checks:
  - not_null: flights
  - expect_column_values_to_be_between: {column: Flights, min_value: 0, max_value: 1.5e3, strict_min: true}
  - expect_table_row_count_to_be_between: {min_value: 1}
freshness: {warn_after: 26h, error_after: 2 days}
budget: {bytes: 5 GB}
tags: [core, daily]
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
