/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT g.flight_date, COUNT(*) AS flights
FROM lake.flights AS f
GROUP BY g.flight_date
