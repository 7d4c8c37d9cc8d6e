/*---
description: Every aircraft that is registered or has flown from New York City, with what it is and how it is used.
owner: fleet@example.com
schedule: weekly
cluster: [carrier]
key: [tailnum]
inputs: {staging.flights: all}                   # first and last flights can be on any day
columns:
  tailnum: Registration of the aircraft
  carrier: Airline that flew it last; NULL if it has not flown
  registered: It is in the register; if not, all about its build is NULL
  manufacturer: Manufacturer, upper case, one spelling each
  model: Model as the manufacturer writes it
  engines: Number of engines
  seats: Number of seats
  built_year: Year of manufacture
  age_years: Age in years at the last flight
  first_flight_date: First day it departed
  last_flight_date: Last day it departed
  flights: Departures so far
  miles_flown: Sum of the distances of its departures
  hours_flown: Hours in the air; diverted flights have no record of theirs and do not count
checks:
  - not_null: [tailnum, registered, flights]
  - expect_column_values_to_be_between: {column: seats, min_value: 1, max_value: 600}
  - expect_column_values_to_be_between: {column: age_years, min_value: 0, max_value: 80}
  - expect_table_row_count_to_be_between: {min_value: 3000, max_value: 10000}
budget: {bytes: 20 GB}
tags: [fleet]
---*/
WITH usage AS (
  SELECT
    tailnum,
    ANY_VALUE(carrier HAVING MAX scheduled_departure) AS carrier,
    MIN(flight_date) AS first_flight_date,
    MAX(flight_date) AS last_flight_date,
    COUNT(*) AS flights,
    SUM(distance) AS miles_flown,
    SUM(air_time) AS air_minutes
  FROM staging.flights
  WHERE NOT cancelled AND tailnum IS NOT NULL
  GROUP BY tailnum
)
SELECT
  tailnum,
  usage.carrier,
  planes.tailnum IS NOT NULL AS registered,
  -- Mergers and fashions: one name for each.
  CASE
    WHEN STARTS_WITH(planes.manufacturer, 'AIRBUS') THEN 'AIRBUS'
    WHEN STARTS_WITH(planes.manufacturer, 'CANADAIR') THEN 'CANADAIR'
    WHEN STARTS_WITH(planes.manufacturer, 'MCDONNELL DOUGLAS') THEN 'MCDONNELL DOUGLAS'
    ELSE planes.manufacturer
  END AS manufacturer,
  planes.model,
  planes.engines,
  planes.seats,
  planes.year AS built_year,
  -- Not the age today: a table must not change because time passes.
  EXTRACT(YEAR FROM usage.last_flight_date) - planes.year AS age_years,
  usage.first_flight_date,
  usage.last_flight_date,
  COALESCE(usage.flights, 0) AS flights,
  COALESCE(usage.miles_flown, 0) AS miles_flown,
  COALESCE(usage.air_minutes, 0) / 60 AS hours_flown
FROM usage
-- FULL: one in six tail numbers is not registered, and a registered aircraft need not have flown.
FULL JOIN lake.planes AS planes USING (tailnum)
