/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
{% import '../secrets.sql' as secrets %}
SELECT flight_date, 1 AS value
FROM lake.flights
GROUP BY flight_date
