/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT flight_date, carrier FROM lake.flights WHERE flight_date >= @start
