/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT table_name AS name FROM lake.INFORMATION_SCHEMA.TABLES
