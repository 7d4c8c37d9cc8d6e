/*---
description: Punctuality of each carrier and day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, carrier]
---*/
SELECT flight_date, carrier, COUNTIF(dep_delay <= 15) / COUNT(*) AS on_time
FROM lake.flights
GROUP BY flight_date, carrier
