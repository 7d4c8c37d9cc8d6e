/*---
description: Sketches.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, HLL_COUNT.INIT(carrier, 25) AS carriers
FROM lake.flights
GROUP BY flight_date
