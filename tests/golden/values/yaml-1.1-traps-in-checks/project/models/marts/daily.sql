/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
checks:
  - not_null: [NO]
  - not_null: [on, 12:30, 010, 0x1F, 1_000, .inf, Yes]
  - expect_table_row_count_to_be_between: {min_value: 010, max_value: 1_000}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
