/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT my.udf(flight_date) AS flight_date, carrier FROM lake.flights
