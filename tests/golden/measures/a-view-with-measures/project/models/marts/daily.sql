/*---
description: Delays of each carrier.
owner: ops@example.com
kind: view
dimensions: [carrier]
measures: {flights: {count: '*'}}
---*/
SELECT carrier FROM lake.flights
