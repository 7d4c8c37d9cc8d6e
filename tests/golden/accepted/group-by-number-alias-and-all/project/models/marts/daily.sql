/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT DATE_TRUNC(flight_date, MONTH) AS month, flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY 1, flight_date
HAVING flights > 1
ORDER BY flights, month
