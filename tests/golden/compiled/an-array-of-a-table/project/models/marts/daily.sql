/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT f.flight_date, leg.airport, COUNT(*) AS legs
FROM lake.flights AS f, f.legs AS leg
GROUP BY f.flight_date, leg.airport
