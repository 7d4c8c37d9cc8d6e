/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT flight_date, MAX(DATE_DIFF(flight_date, 3, DAY)) AS hour
FROM lake.flights
GROUP BY flight_date
