/*---
description: Punctuality of each route and carrier per day, with the names that people know.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [origin, dest]
key: [flight_date, origin, dest, carrier]
columns:
  origin_name: Name of the airport of departure
  dest_name: Name of the airport of arrival
  carrier_name: Registered name of the airline
  distance: Great-circle distance of the route in miles
  flights: Scheduled flights, cancelled ones included
  departures: Flights that departed, on time or not
  on_time_departures: Departures at most 15 minutes late
  cancellations: Flights that never departed
  on_time_rate: Share of departures at most 15 minutes late
  arrivals: Flights that arrived where they were meant to
  arr_delay_minutes: Sum of arrival delays; early arrivals count as negative
  avg_arr_delay: Mean arrival delay in minutes; early arrivals count as negative
checks:
  - not_null: [origin_name, dest_name, carrier_name, distance]
  - expect_column_values_to_be_between: {column: on_time_rate, min_value: 0, max_value: 1}
tags: [on-time]
---*/
-- First count, then look up names: a duplicate in a dimension could then never inflate a count.
WITH routes AS (
  SELECT
    flight_date,
    origin,
    dest,
    carrier,
    MAX(distance) AS distance,
    COUNT(*) AS flights,
    COUNT(dep_delay) AS departures,
    COUNTIF(dep_delay <= {{ vars.on_time_minutes }}) AS on_time_departures,
    COUNTIF(cancelled) AS cancellations,
    {{ on_time_share('dep_delay', vars.on_time_minutes) }} AS on_time_rate,
    COUNT(arr_delay) AS arrivals,
    SUM(arr_delay) AS arr_delay_minutes
  FROM staging.flights
  GROUP BY flight_date, origin, dest, carrier
)
SELECT
  routes.flight_date,
  routes.origin,
  routes.dest,
  routes.carrier,
  origins.name AS origin_name,
  dests.name AS dest_name,
  airlines.name AS carrier_name,
  routes.distance,
  routes.flights,
  routes.departures,
  routes.on_time_departures,
  routes.cancellations,
  routes.on_time_rate,
  routes.arrivals,
  routes.arr_delay_minutes,
  SAFE_DIVIDE(routes.arr_delay_minutes, routes.arrivals) AS avg_arr_delay
FROM routes
-- LEFT: an airport that is new to us must fail the check of its name, not lose its flights in silence.
LEFT JOIN dims.airports AS origins ON origins.airport = routes.origin
LEFT JOIN dims.airports AS dests ON dests.airport = routes.dest
-- Not marts.carrier_directory: that changes with the fleet, and each change would make every day of this table stale.
LEFT JOIN lake.airlines AS airlines ON airlines.carrier = routes.carrier
