/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, EWR, JFK
FROM (SELECT flight_date, origin, dep_delay FROM lake.flights)
PIVOT (SUM(dep_delay) FOR origin IN ('EWR', 'JFK'))
