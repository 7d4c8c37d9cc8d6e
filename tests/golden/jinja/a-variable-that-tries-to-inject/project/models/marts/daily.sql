/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT carrier, 1 AS one FROM lake.flights WHERE carrier = '{{ vars.carrier }}'
