/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT f.*, a.name FROM lake.flights AS f JOIN lake.airlines AS a ON a.carrier = f.carrier
UNION ALL
(SELECT * EXCEPT (legs), legs, '' FROM lake.flights)
