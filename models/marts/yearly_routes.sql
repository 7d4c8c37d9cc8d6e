/*---
description: The routes from New York City per year, for network planning.
owner: network-planning@example.com
schedule: yearly
partition: {by: flight_year, grain: year, from: 2013-01-01}
key: [flight_year, origin, dest]
columns:
  flight_year: First day of the year
  origin: "Airport of departure: EWR, JFK or LGA"
  dest: Airport of arrival
  dest_name: Name of the airport of arrival
  carriers: Airlines that flew the route
  flights: Scheduled flights, cancelled ones included
  on_time_rate: Share of departures at most 15 minutes late; NULL if nothing departed
  cancellation_rate: Share of flights that never departed
  avg_arr_delay: Mean arrival delay in minutes; early arrivals count as negative
checks:
  - not_null: [dest_name, flights]
  - expect_column_values_to_be_between: {column: cancellation_rate, min_value: 0, max_value: 1}
tags: [network]
---*/
SELECT
  DATE_TRUNC(flight_date, YEAR) AS flight_year,
  origin,
  dest,
  MAX(dest_name) AS dest_name,
  COUNT(DISTINCT carrier) AS carriers,
  SUM(flights) AS flights,
  SAFE_DIVIDE(SUM(on_time_departures), SUM(departures)) AS on_time_rate,
  SAFE_DIVIDE(SUM(cancellations), SUM(flights)) AS cancellation_rate,
  SAFE_DIVIDE(SUM(arr_delay_minutes), SUM(arrivals)) AS avg_arr_delay
FROM marts.route_performance
GROUP BY flight_year, origin, dest
