/*---
description: Flights per day.
owner: ops@example.com
inputs: {lake.flights: {last: 7 days}}
---*/
SELECT carrier, COUNT(*) AS flights FROM lake.flights GROUP BY carrier
