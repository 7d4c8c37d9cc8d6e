/*---
description: Flights per day.
owner: ops@example.com
kind: view
---*/
SELECT flight_date, carrier FROM lake.flights WHERE flight_date >= @start
