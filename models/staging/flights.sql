/*---
description: >-
  One row per scheduled flight, with the local day it belongs to and proper points in time. Everything about
  flights starts here.
owner: data-engineering@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01, to: 2014-01-01}   # lake.flights holds 2013 alone
cluster: [carrier, origin]
key: [flight_date, carrier, flight, origin]       # not without origin: WN 2269 leaves twice some days
columns:
  flight_date: Local day of the scheduled departure
  carrier: Two-letter code of the airline
  flight: Flight number
  tailnum: Registration of the aircraft; NULL for many cancelled flights
  origin: "Airport of departure: EWR, JFK or LGA"
  dest: Airport of arrival
  departure_hour: Local hour of the scheduled departure, 0 to 23
  scheduled_departure: Scheduled departure, to the minute
  actual_departure: Moment of departure; NULL if cancelled
  dep_delay: Minutes from scheduled to actual departure; negative is early; NULL if cancelled
  arr_delay: Minutes from scheduled to actual arrival; NULL if cancelled or diverted
  air_time: Minutes in the air; NULL if cancelled or diverted
  distance: Great-circle distance in miles
  cancelled: The flight never departed
  diverted: The flight departed but was not recorded as arriving at dest
  time_hour: Scheduled departure, to the hour
checks:
  - not_null: [carrier, flight, origin, dest, distance, cancelled, diverted, time_hour]
  - expect_column_values_to_be_between: {column: dep_delay, min_value: -120, max_value: 2880}
  - expect_column_values_to_be_between: {column: air_time, min_value: 10, max_value: 900}
  - expect_table_row_count_to_be_between: {min_value: 500, max_value: 1200}
freshness: {warn_after: 30h, error_after: 54h}
budget: {bytes: 5 GB}
tags: [core]
---*/
SELECT
  -- The day in New York, not in UTC: one flight in nine leaves after midnight UTC.
  DATE(time_hour, 'America/New_York') AS flight_date,
  carrier,
  flight,
  tailnum,
  origin,
  dest,
  hour AS departure_hour,
  -- Counted from time_hour, which is exact; the HHMM columns repeat or skip an hour when clocks change, and
  -- dep_time does not say whether a late flight left before or after midnight. They end here.
  TIMESTAMP_ADD(time_hour, INTERVAL minute MINUTE) AS scheduled_departure,
  TIMESTAMP_ADD(time_hour, INTERVAL minute + dep_delay MINUTE) AS actual_departure,
  dep_delay,
  arr_delay,
  air_time,
  distance,
  dep_time IS NULL AS cancelled,
  dep_time IS NOT NULL AND arr_delay IS NULL AS diverted,
  time_hour
FROM lake.flights
