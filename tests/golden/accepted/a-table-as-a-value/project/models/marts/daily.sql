/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT f.flight_date, TO_JSON_STRING(f) AS row_text, COUNT(f) AS rows_seen
FROM lake.flights AS f
GROUP BY f.flight_date, row_text
