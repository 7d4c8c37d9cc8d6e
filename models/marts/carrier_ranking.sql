/*---
description: How the carriers at each origin compare on a day, in punctuality and in share of the traffic.
owner: ops-analytics@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [origin]
key: [flight_date, origin, carrier]
columns:
  departures: Flights that departed, on time or not
  on_time_rate: Share of departures at most 15 minutes late; NULL if nothing departed
  on_time_rank: 1 is the most punctual carrier at this origin; equals share a rank; who did not depart is last
  share_of_flights: Share of the flights scheduled at this origin
checks:
  - expect_column_values_to_be_between: {column: on_time_rank, min_value: 1, max_value: 20}
  - expect_column_values_to_be_between: {column: share_of_flights, min_value: 0, max_value: 1}
tags: [on-time]
---*/
SELECT
  flight_date,
  origin,
  carrier,
  departures,
  on_time_rate,
  RANK() OVER (PARTITION BY flight_date, origin ORDER BY on_time_rate DESC) AS on_time_rank,
  SAFE_DIVIDE(flights, SUM(flights) OVER (PARTITION BY flight_date, origin)) AS share_of_flights
FROM marts.daily_performance
