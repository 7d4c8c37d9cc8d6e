/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT
  flight_date,
  {% for a in ['EWR', 'JFK'] %}{% for b in ['dep_delay', 'dep_dely'] %}MAX(IF(origin = '{{ a }}', {{ b }}, 0)) AS {{ a }}_{{ b }}, {% endfor %}{% endfor %}
  COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
