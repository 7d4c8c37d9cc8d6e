/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT carrier, SUM(flights) AS flights FROM marts.daily GROUP BY carrier
