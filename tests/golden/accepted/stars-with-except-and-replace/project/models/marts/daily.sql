/*---
description: Flights per day.
owner: ops@example.com
kind: view
---*/
SELECT * EXCEPT (legs) REPLACE (UPPER(carrier) AS carrier)
FROM lake.flights
