/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
DECLARE day DATE DEFAULT CURRENT_DATE();
SELECT day AS flight_date, COUNT(*) AS flights FROM lake.flights
