/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT f.flight_date, f.carrier,
  (SELECT MAX(leg.minutes) FROM UNNEST(f.legs) AS leg) AS longest,
  EXISTS (SELECT 1 FROM lake.airlines AS a WHERE a.carrier = f.carrier AND origin IS NOT NULL) AS is_known,
  ARRAY(SELECT airport FROM UNNEST(legs) ORDER BY airport) AS airports
FROM lake.flights AS f
