/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT f.flight_date, a.name
FROM lake.flihts AS f
JOIN lake.airlnes AS a ON a.carrier = f.carrier
JOIN planes AS p ON TRUE
