/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {week_ago: {offset: 7 days}}
---*/
SELECT today.flight_date, COUNT(*) AS flights
FROM lake.flights AS today
JOIN lake.flights AS week_ago ON week_ago.flight_date = DATE_SUB(today.flight_date, INTERVAL 7 DAY)
GROUP BY today.flight_date
