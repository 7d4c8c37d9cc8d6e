/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01, to: 2014-01-01}
budget: {bytes: 1 MB}
key: [flight_date]
---*/
SELECT flight_date, COUNT(DISTINCT carrier) AS carriers
FROM lake.flights
GROUP BY flight_date
