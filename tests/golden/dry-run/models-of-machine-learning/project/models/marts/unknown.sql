/*---
description: A model of whose evaluation nothing is known, and what another one makes of texts.
owner: ops@example.com
---*/
SELECT t.carrier, ARRAY_LENGTH(t.embedding) AS size, e.loss
FROM ML.PREDICT(MODEL lake.texts, TABLE lake.flights, STRUCT(TRUE AS flatten)) AS t
CROSS JOIN ML.FORECAST(MODEL lake.texts, STRUCT(1 AS horizon)) AS e
