/*---
description: How late flights are expected to be.
owner: ops@example.com
---*/
SELECT carrier, forecast_timestamp, forecast_value, confidence_levle
FROM ML.FORECAST(MODEL `lake.delays`, STRUCT(30 AS horizon))
