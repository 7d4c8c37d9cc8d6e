/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {lake.flights: {last: 7 days}}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, COUNT(*) AS flights
FROM lake.flights
