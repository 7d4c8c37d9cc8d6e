/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
{% set bands = [15, 60] %}
SELECT
  flight_date,
  {% for band in bands -%}
  COUNTIF(dep_delay > {{ band }}) AS over_{{ band }},
  {% endfor -%}
  {{ late('dep_delay') }} AS late
FROM lake.flights
GROUP BY flight_date
