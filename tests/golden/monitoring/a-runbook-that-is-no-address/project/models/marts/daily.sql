/*---
description: One row.
owner: a@example.com
runbook: see the wiki
---*/
SELECT 1 AS one
