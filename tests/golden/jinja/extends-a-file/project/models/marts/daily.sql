/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
{% extends 'base.sql' %}
SELECT flight_date, 1 AS value
FROM lake.flights
GROUP BY flight_date
