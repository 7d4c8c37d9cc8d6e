/*---
description: Sketches.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH states AS (
  SELECT flight_date, HLL_COUNT.INIT(carrier) AS seen FROM lake.flights GROUP BY flight_date
  UNION ALL
  SELECT flight_date, HLL_COUNT.INIT(dep_delay) FROM lake.flights GROUP BY flight_date
)
SELECT flight_date, HLL_COUNT.MERGE_PARTIAL(seen) AS seen
FROM states
GROUP BY flight_date
