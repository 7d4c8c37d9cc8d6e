/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT
  flight_date,
  {% for minutes in [15, 30] -%}
  COUNTIF(dep_dely > {{ minutes }}) AS late_{{ minutes }},
  {% endfor -%}
  COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
