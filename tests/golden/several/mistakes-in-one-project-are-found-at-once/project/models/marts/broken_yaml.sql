/*---
description: Flights per day.
owner: ops@example.com
key: [a
---*/
SELECT 1 AS a
