/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT
  flight_date, {{ age('flight_date') }} AS age
FROM lake.flights
