/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, '-- no comment; /* nor this */ {nor} @start' AS text, r'\d+' AS pattern, '''it's''' AS quoted
FROM lake.flights
