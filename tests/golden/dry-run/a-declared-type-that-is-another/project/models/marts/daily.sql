/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
columns: {hour: {type: INT64}}
key: [flight_date]
---*/
SELECT flight_date, MAX(EXTRACT(HOUR FROM time_hour) / 2) AS hour
FROM lake.flights
GROUP BY flight_date
