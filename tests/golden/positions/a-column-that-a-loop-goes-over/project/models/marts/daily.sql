/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT
  flight_date,
  {% for column in ['dep_delay', 'dep_dely', 'carrier'] -%}
  MAX({{ column }}) AS {{ column }}_most,
  {% endfor -%}
  COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
