/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
checks:
  - not_null
  - not_null: []
  - not_null: {colum: flights}
  - not_null: 7
  - expect_column_values_to_be_between: flights
  - expect_column_values_to_be_between: {column: flights}
  - expect_column_values_to_be_between: {min_value: 0}
  - expect_column_values_to_be_between: {column: flights, min: 0}
  - between: {column: flights, min_value: many}
  - between: {column: flights, min_value: 9, max_value: 1}
  - between: {column: flights, min_value: 0, strict_min: "false"}
  - between: {column: flight_date, min_value: yesterday}
  - between: {column: [flights], min_value: 0}
  - row_count: {}
  - row_count: {max_value: true}
  - expect_table_row_count_to_be_between: 7
  - row_count: {min_value: -1}
  - accepted_values: {column: carrier, value_set: [UA, 9]}
  - accepted_values: {column: carrier, value_set: [null]}
  - matches: {column: carrier, regex: "(?=UA)"}
  - matches: {column: carrier, regex: "[A-"}
  - matches: {column: flights, regex: "9"}
  - not_null: {column: carrier, mostly: 95, severity: fatal, row_condition: SUM(flights) > 0}
  - not_null: {column: carrier, row_condition: flihgts > 0}
  - not_null: {column: carrier, row_condition: flights >}
  - sql: SELECT 1
  - sql: DELETE FROM marts.daily WHERE TRUE
  - sql: SELECT * FROM marts.daily WHERE flihgts > 0
  - sql: SELECT * FROM marts.daily WHERE flight_date = @day
  - relationships: {column: carrier, to: lake.carriers, field: carrier}
  - relationships: {column: carrier, to: lake.flights, field: carier}
  - row_count_near_previous: {within: 30 %, learn: 28 days}
  - row_count_near_previous: {within: a bit}
  - expect_column_values_to_be_of_type: {column: flights, type_: STRNG}
  - expect_column_values_to_be_of_type: {column: flights, type_: STRING}
  - expect_table_columns_to_match_ordered_list: {column_list: [carrier, flight_date, flights]}
  - key_to_be_declared
  - expect_column_values_to_be_increasing: {column: flights}
---*/
SELECT flight_date, carrier, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date, carrier
