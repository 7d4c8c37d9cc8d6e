/*---
description: Sketches.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, HLL_COUNT.INIT(time_hour, 15) AS hours
FROM lake.flights
GROUP BY flight_date
