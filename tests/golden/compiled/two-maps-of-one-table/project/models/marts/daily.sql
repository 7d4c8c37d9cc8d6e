/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {w: {offset: 7 days}}
---*/
SELECT t.flight_date, COUNT(*) AS flights, COUNT(w.carrier) AS week_before
FROM lake.flights AS t
LEFT JOIN lake.flights AS w
  ON w.carrier = t.carrier
GROUP BY t.flight_date
