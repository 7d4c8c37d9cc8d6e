/*---
description: Flights per day.
owner: ops@example.com
kind: view
key: [flight_date]
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
