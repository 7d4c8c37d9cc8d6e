/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
on_change: from 2013-02-30
---*/
SELECT flight_date, COUNT(*) AS flights FROM lake.flights GROUP BY flight_date
