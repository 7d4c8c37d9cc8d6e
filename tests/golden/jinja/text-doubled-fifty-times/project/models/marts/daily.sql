/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
{% set ns = namespace(x='abcdefgh') %}{% for i in range(50) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}
SELECT flight_date, '{{ ns.x }}' AS value
FROM lake.flights
GROUP BY flight_date
