/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT flight_date, {% if vars.on_time_minutes > 20 %}1{% elif vars.on_time_minutes > 10 %}SUM(dep_dely){% else %}2{% endif %} AS value
FROM lake.flights
GROUP BY flight_date
