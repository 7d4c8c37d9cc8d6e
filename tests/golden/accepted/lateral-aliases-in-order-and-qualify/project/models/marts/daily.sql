/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, carrier, dep_delay AS delay
FROM lake.flights
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY delay, carrier) <= 3
ORDER BY delay
