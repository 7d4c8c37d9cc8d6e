/*---
description: Flights per day.
owner: ops@example.com
inputs: {marts.daily: previous}
---*/
SELECT carrier, SUM(flights) AS flights FROM marts.daily GROUP BY carrier
