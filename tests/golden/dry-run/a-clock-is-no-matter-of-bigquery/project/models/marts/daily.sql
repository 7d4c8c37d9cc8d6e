/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT flight_date, COUNTIF(flight_date < CURRENT_DATE()) AS past
FROM lake.flights
GROUP BY flight_date
