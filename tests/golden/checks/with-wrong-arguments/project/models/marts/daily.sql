/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
checks:
  - not_null
  - not_null: []
  - not_null: {column: flights}
  - not_null: 7
  - expect_column_values_to_be_between: flights
  - expect_column_values_to_be_between: {column: flights}
  - expect_column_values_to_be_between: {min_value: 0}
  - expect_column_values_to_be_between: {column: flights, min: 0}
  - expect_column_values_to_be_between: {column: flights, min_value: many}
  - expect_column_values_to_be_between: {column: flights, min_value: 9, max_value: 1}
  - expect_column_values_to_be_between: {column: flights, min_value: 0, strict_min: "false"}
  - expect_column_values_to_be_between: {column: flight_date, min_value: 0}
  - expect_column_values_to_be_between: {column: [flights], min_value: 0}
  - expect_table_row_count_to_be_between: {}
  - expect_table_row_count_to_be_between: {max_value: true}
  - expect_table_row_count_to_be_between: 7
  - expect_table_row_count_to_be_between: {min_value: 9, max_value: 1}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
