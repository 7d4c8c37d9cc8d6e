/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT
  flight_date,
  {% for minutes in [15, 30, 60] %}
  COUNTIF(dep_delay > {{ minutes }}) AS late_{{ minutes }},
  {% endfor %}
  COUNT(*) AS flights,
  SUM(dep_dely) AS delay
FROM lake.flihgts
GROUP BY flight_date
