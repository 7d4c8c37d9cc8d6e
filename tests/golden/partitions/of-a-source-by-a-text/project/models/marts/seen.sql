/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT faa FROM lake.airports
