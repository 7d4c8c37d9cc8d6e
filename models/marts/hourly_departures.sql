/*---
description: Scheduled departures of each origin per hour, for the operations screen.
owner: ops-analytics@example.com
schedule: hourly
# In UTC, as all partitions of a TIMESTAMP column; 05:00 is midnight in New York.
partition: {by: time_hour, grain: hour, from: 2013-01-01T05, to: 2014-01-01T05}
cluster: [origin]
key: [time_hour, origin]
columns:
  time_hour: {type: TIMESTAMP, description: Hour of the scheduled departures}
  origin: {type: STRING, description: "Airport of departure: EWR, JFK or LGA"}
  flights: {type: INT64, description: "Scheduled flights, cancelled ones included"}
  departures: {type: INT64, description: "Flights that departed, on time or not"}
  cancellations: {type: INT64, description: Flights that never departed}
  destinations: {type: INT64, description: Airports served in this hour}
  on_time_rate: {type: FLOAT64, description: Share of departures at most 15 minutes late}
checks:
  - not_null: [time_hour, origin]
  - expect_column_values_to_be_between: {column: flights, min_value: 1, max_value: 60}
  # At night nobody departs: an hour without rows is right.
  - expect_table_row_count_to_be_between: {min_value: 0, max_value: 3}
freshness: {warn_after: 2h, error_after: 4h}
tags: [core]
---*/
-- Straight from the lake: staging.flights is complete only at the end of the day.
SELECT
  time_hour,
  origin,
  COUNT(*) AS flights,
  COUNT(dep_delay) AS departures,
  COUNTIF(dep_time IS NULL) AS cancellations,
  COUNT(DISTINCT dest) AS destinations,
  {{ on_time_share('dep_delay', vars.on_time_minutes) }} AS on_time_rate
FROM lake.flights
GROUP BY time_hour, origin
