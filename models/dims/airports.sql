/*---
description: >-
  Every airport that flights from New York City may go to: lake.airports with its mistakes corrected and the
  Caribbean added.
owner: data-engineering@example.com
schedule: "0 6 * * 1"            # Mondays; airports change rarely
key: [airport]
columns:
  airport: Three-letter code
  name: Usual name; a few names are shared by two airports
  latitude: In degrees, north is positive
  longitude: In degrees, east is positive
  altitude_ft: Altitude in feet
  time_zone: IANA time zone
  utc_offset_hours: Hours from UTC in winter
checks:
  - not_null: [airport, name, latitude, longitude, time_zone, utc_offset_hours]
  - expect_column_values_to_be_between: {column: latitude, min_value: 15, max_value: 72}
  - expect_column_values_to_be_between: {column: utc_offset_hours, min_value: -10, max_value: -4}
  - expect_table_row_count_to_be_between: {min_value: 1400, max_value: 3000}
tags: [core]
---*/
WITH reported AS (
  SELECT
    faa AS airport,
    name,
    lat,
    lon,
    alt,
    tz,
    tzone
  FROM lake.airports

  UNION ALL

  -- Four destinations in the Caribbean are not in the lake.
  SELECT 'BQN', 'Rafael Hernandez', 18.494861, -67.129444, 237, -4, 'America/Puerto_Rico'
  UNION ALL
  SELECT 'PSE', 'Mercedita', 18.008306, -66.563028, 29, -4, 'America/Puerto_Rico'
  UNION ALL
  SELECT 'SJU', 'Luis Munoz Marin Intl', 18.439417, -66.001833, 9, -4, 'America/Puerto_Rico'
  UNION ALL
  SELECT 'STT', 'Cyril E King', 18.337306, -64.973361, 23, -4, 'America/St_Thomas'
),
corrections AS (
  -- Keene, New Hampshire: latitude and longitude were swapped, and a minus sign lost.
  SELECT 'EEN' AS airport, 42.898333 AS lat, -72.270833 AS lon, -5 AS tz, 'America/New_York' AS tzone
  UNION ALL
  -- Two more lost minus signs had moved Phoenix and San Diego to China.
  SELECT 'DVT', 33.4117, -112.457, -7, 'America/Phoenix'
  UNION ALL
  SELECT 'MYF', 32.4759, -117.759, -8, 'America/Los_Angeles'
  UNION ALL
  -- No time zone was given.
  SELECT 'LRO', 32.5387, -79.4697, -5, 'America/New_York'
  UNION ALL
  SELECT 'YAK', 59.3012, -139.3937, -9, 'America/Anchorage'
)
SELECT
  reported.airport,
  REPLACE(TRIM(reported.name), 'Intl', 'International') AS name,
  COALESCE(corrections.lat, reported.lat) AS latitude,
  COALESCE(corrections.lon, reported.lon) AS longitude,
  reported.alt AS altitude_ft,
  COALESCE(corrections.tzone, reported.tzone) AS time_zone,
  COALESCE(corrections.tz, reported.tz) AS utc_offset_hours
FROM reported
LEFT JOIN corrections ON corrections.airport = reported.airport
