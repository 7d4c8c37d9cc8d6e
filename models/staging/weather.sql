/*---
description: One row per airport and hour with the weather observed there, in the units that pilots use.
owner: data-engineering@example.com
schedule: daily
partition: {by: observed_date, grain: day, from: 2013-01-01, to: 2014-01-01}   # lake.weather holds 2013 alone
cluster: [origin]
# Not (observed_date, hour): on November 3 the local hour 1 happens twice.
key: [time_hour, origin]
columns:
  observed_date: Local day of the observation
  origin: "Airport of the station: EWR, JFK or LGA"
  time_hour: The hour observed
  temperature_f: Temperature in °F
  dew_point_f: Dew point in °F
  humidity_pct: Relative humidity in percent
  wind_direction_deg: Direction the wind comes from, in degrees; NULL if it is variable
  wind_speed_mph: Wind speed in mph
  wind_gust_mph: Gust speed in mph; NULL if there were no gusts
  precipitation_in: Rain or melted snow of the hour in inches
  pressure_mb: Sea-level pressure in millibars
  visibility_mi: Visibility in miles; 10 means 10 or more
checks:
  - not_null: [origin, time_hour]
  - expect_column_values_to_be_between: {column: humidity_pct, min_value: 0, max_value: 100}
  - expect_column_values_to_be_between: {column: wind_speed_mph, min_value: 0, max_value: 150}
  - expect_column_values_to_be_between: {column: visibility_mi, min_value: 0, max_value: 10}
  # Three airports, at most 25 hours. No minimum: the stations sent nothing on December 31.
  - expect_table_row_count_to_be_between: {min_value: 0, max_value: 75}
tags: [core]
---*/
SELECT
  DATE(time_hour, 'America/New_York') AS observed_date,
  origin,
  time_hour,
  temp AS temperature_f,
  dewp AS dew_point_f,
  humid AS humidity_pct,
  wind_dir AS wind_direction_deg,
  -- On February 12 the anemometer at EWR reported 1048 mph; the record on earth is 253.
  IF(wind_speed > 150, NULL, wind_speed) AS wind_speed_mph,
  wind_gust AS wind_gust_mph,
  precip AS precipitation_in,
  pressure AS pressure_mb,
  visib AS visibility_mi
FROM lake.weather
