/*---
description: >-
  Flights and miles of each carrier at each origin since the beginning of 2013, as they stood at the end of each day.
  A carrier that pauses keeps its row, so every day can be compared with every other.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [carrier, origin]
key: [flight_date, carrier, origin]
inputs: {marts.cumulative_flights: previous}
columns:
  flight_date: {type: DATE, description: Last day that is counted}
  flights_to_date: Scheduled flights so far, cancelled ones included
  departures_to_date: Flights that departed so far
  miles_to_date: Miles flown so far
  last_flight_date: Last day with a flight; earlier than flight_date if the carrier pauses
checks:
  - not_null: [carrier, origin, flights_to_date, last_flight_date]
  - expect_column_values_to_be_between: {column: flights_to_date, min_value: 1}
tags: [fleet]
---*/
-- Yesterday's totals and today's flights, added up. On the first day there is no yesterday, and today is the total;
-- who does not fly today is still there from yesterday. Needs neither a year of flights per day nor a special case.
WITH totals_and_today AS (
  SELECT
    carrier,
    origin,
    flights_to_date AS flights,
    departures_to_date AS departures,
    miles_to_date AS miles,
    last_flight_date
  FROM marts.cumulative_flights

  UNION ALL

  SELECT
    carrier,
    origin,
    flights,
    departures,
    miles_flown AS miles,
    flight_date AS last_flight_date
  FROM marts.daily_performance
)
SELECT
  DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date,
  carrier,
  origin,
  SUM(flights) AS flights_to_date,
  SUM(departures) AS departures_to_date,
  SUM(miles) AS miles_to_date,
  MAX(last_flight_date) AS last_flight_date
FROM totals_and_today
GROUP BY carrier, origin
