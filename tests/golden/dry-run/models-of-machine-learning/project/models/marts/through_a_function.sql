/*---
description: What a table function of the warehouse makes of a model.
owner: ops@example.com
---*/
SELECT carrier, predicted_is_late + 1 AS wrong FROM lake.late_flights()
