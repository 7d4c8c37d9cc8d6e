/*---
description: Flights.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, carrier, origin]
---*/
SELECT flight_date, carrier, origin, CAST(dep_delay AS STRING) AS dep_delay
FROM lake.flights
