/*---
description: The airlines, with the names to print on dashboards and the size of their fleets.
owner: ops-analytics@example.com
kind: view
columns:
  carrier: Two-letter code of the airline
  name: Registered name
  short_name: Name without its legal form, for charts
  planes: Aircraft that flew for the airline last
  avg_seats: Mean seats of those that are registered; NULL if none is; wrong for MQ, see lake.planes
---*/
SELECT
  airlines.carrier,
  airlines.name,
  REGEXP_REPLACE(airlines.name, r' (Inc\.|Co\.|Corporation)$', '') AS short_name,
  COUNT(planes.tailnum) AS planes,
  AVG(planes.seats) AS avg_seats
FROM lake.airlines AS airlines
LEFT JOIN dims.planes AS planes ON planes.carrier = airlines.carrier
GROUP BY airlines.carrier, airlines.name
