/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT
  flight_date,
  {% for m in [15, 30] %}COUNTIF(dep_delay > {{ m }}) AS late_{{ m }}, {% endfor %} 'ß' AS eszett, SUM(dep_delay)) AS delay
FROM lake.flights
GROUP BY flight_date
