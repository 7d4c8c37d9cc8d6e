/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {lake.airlines: same}
---*/
SELECT f.flight_date, a.name, COUNT(*) AS flights
FROM lake.flights AS f
JOIN lake.airlines AS a ON a.carrier = f.carrier
GROUP BY f.flight_date, a.name
