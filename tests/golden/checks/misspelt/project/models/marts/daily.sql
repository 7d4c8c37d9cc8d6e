/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
checks:
  - nut_null: [flights]
  - expect_colum_values_to_be_between: {column: flights, min_value: 0}
  - unique: [flight_date]
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
