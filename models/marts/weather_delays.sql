/*---
description: Flights, delays and cancellations of each hour and origin beside the weather at that time.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [origin]
key: [time_hour, origin]
columns:
  flight_date: Local day
  time_hour: Hour of the scheduled departures
  origin: "Airport of departure: EWR, JFK or LGA"
  conditions: >-
    The worst of what was observed, in this order: low visibility (under 3 miles), rain or snow, wind (from 25 mph
    or with gusts), fair; or no report
  flights: Scheduled flights, cancelled ones included
  departures: Flights that departed, on time or not
  cancellations: Flights that never departed
  dep_delay_minutes: Sum of departure delays; early departures count as negative
  avg_dep_delay: Mean departure delay in minutes; NULL if nothing departed
  temperature_f: Temperature in °F
  wind_speed_mph: Wind speed in mph
  precipitation_in: Rain or melted snow of the hour in inches
  visibility_mi: Visibility in miles; 10 means 10 or more
checks:
  - not_null: [origin, time_hour, conditions]
  - expect_column_values_to_be_between: {column: departures, min_value: 0, max_value: 60}
  - expect_table_row_count_to_be_between: {min_value: 40, max_value: 75}
tags: [weather]
---*/
WITH hours AS (
  SELECT
    flight_date,
    time_hour,
    origin,
    COUNT(*) AS flights,
    COUNT(dep_delay) AS departures,
    COUNTIF(cancelled) AS cancellations,
    SUM(dep_delay) AS dep_delay_minutes
  FROM staging.flights
  GROUP BY flight_date, time_hour, origin
)
SELECT
  hours.flight_date,
  hours.time_hour,
  hours.origin,
  CASE
    WHEN weather.time_hour IS NULL THEN 'no report'
    WHEN weather.visibility_mi < 3 THEN 'low visibility'
    WHEN weather.precipitation_in > 0 THEN 'rain or snow'
    WHEN weather.wind_speed_mph >= 25 OR weather.wind_gust_mph IS NOT NULL THEN 'wind'
    ELSE 'fair'
  END AS conditions,
  hours.flights,
  hours.departures,
  hours.cancellations,
  hours.dep_delay_minutes,
  SAFE_DIVIDE(hours.dep_delay_minutes, hours.departures) AS avg_dep_delay,
  weather.temperature_f,
  weather.wind_speed_mph,
  weather.precipitation_in,
  weather.visibility_mi
FROM hours
-- LEFT: the stations miss hours, and a flight without a weather report is still a flight.
LEFT JOIN staging.weather AS weather
  ON weather.observed_date = hours.flight_date
  AND weather.time_hour = hours.time_hour
  AND weather.origin = hours.origin
