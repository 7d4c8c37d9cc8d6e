/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT flight_date, STRUCT(carrier AS code, origin) AS place, [1, 2] AS numbers, legs[SAFE_OFFSET(0)].airport AS first_airport
FROM lake.flights
