/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
cluster: [carier]
key: [flight_date, orign]
columns:
  flight: Number of flights
  something_else: Not there
checks:
  - not_null: [flihgts, flight_date, cariers]
  - expect_column_values_to_be_between: {column: flightz, min_value: 0}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
