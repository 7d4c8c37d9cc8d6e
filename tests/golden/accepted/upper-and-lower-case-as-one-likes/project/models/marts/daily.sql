/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
select Flight_Date, Count(*) as Flights from lake.flights As F where f.CARRIER = 'UA' group by flight_DATE
