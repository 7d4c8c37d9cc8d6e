/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT carrier, COUNT(*) AS flights FROM lake.flights GROUP BY carrier
