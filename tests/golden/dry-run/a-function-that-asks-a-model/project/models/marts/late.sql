/*---
description: Whether flights will be late.
owner: ops@example.com
---*/
SELECT carrier, COUNTIF(predicted_late) AS late_flights
FROM lake.late_flights()
GROUP BY carrier
