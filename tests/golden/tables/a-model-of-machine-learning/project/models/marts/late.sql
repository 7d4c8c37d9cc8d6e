/*---
description: Whether flights will be late.
owner: ops@example.com
---*/
WITH late AS (SELECT carrier, predicted_late FROM ML.PREDICT(MODEL lake.late, (SELECT * FROM lake.flights)))
SELECT late.carrier, f.forecast_value
FROM late
CROSS JOIN ML.FORECAST(MODEL `lake.delays`, STRUCT(30 AS horizon)) AS f
