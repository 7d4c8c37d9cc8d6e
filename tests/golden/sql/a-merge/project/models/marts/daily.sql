/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
MERGE marts.daily AS t USING lake.flights AS s ON t.flight_date = s.flight_date
WHEN NOT MATCHED THEN INSERT ROW
