/*---
description: Flights.
owner: ops@example.com
kind: view
on_change: accept
volatile: true
---*/
SELECT COUNT(*) AS flights FROM lake.airlines
