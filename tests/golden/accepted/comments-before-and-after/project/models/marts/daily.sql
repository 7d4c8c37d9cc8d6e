/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
-- Flights per day.
# as MySQL writes it
/* and as C does */
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date -- the end
/* really */
