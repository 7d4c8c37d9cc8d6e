/*---
description: Sketches.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
WITH states AS (
  SELECT flight_date, KLL_QUANTILES.INIT_INT64(dep_delay) AS delays
  FROM lake.flights
  GROUP BY flight_date
)
SELECT flight_date, HLL_COUNT.EXTRACT(delays) AS n, KLL_QUANTILES.EXTRACT_POINT_FLOAT64(delays, 0.9) AS p90
FROM states
