/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
{% set columns %}
COUNT(*) AS flights,
SUM(dep_dely) AS delay
{% endset %}
SELECT
  flight_date,{{ columns | indent(2) }}
FROM lake.flights
GROUP BY flight_date
