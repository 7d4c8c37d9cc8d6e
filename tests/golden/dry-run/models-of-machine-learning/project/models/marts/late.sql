/*---
description: Whether flights will be late, and how late on a day to come.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
columns: {flight_date: {type: DATE}}
---*/
WITH late AS (
  SELECT flight_date, carrier, predicted_is_late, predicted_is_late_probs[OFFSET(0)].prob AS certainty
  FROM ML.PREDICT(MODEL lake.late, (SELECT CAST(time_hour AS DATE) AS flight_date, carrier, dep_delay FROM lake.flights))
)
SELECT flight_date, carrier, COUNTIF(predicted_is_late) AS late, AVG(certainty) AS certainty
FROM late
GROUP BY flight_date, carrier
