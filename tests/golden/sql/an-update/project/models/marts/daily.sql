/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
UPDATE marts.daily SET flights = 0 WHERE TRUE
