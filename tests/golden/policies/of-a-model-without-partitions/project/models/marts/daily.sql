/*---
description: Flights.
owner: ops@example.com
on_change: from 2013-06-01
volatile: 1 day
lookback: 3 days
---*/
SELECT COUNT(*) AS flights FROM lake.airlines
