/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {weak: {last: 7 days}}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights AS week
GROUP BY flight_date
