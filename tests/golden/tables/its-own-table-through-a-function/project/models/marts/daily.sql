/*---
description: A model.
owner: a@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
inputs: {marts.daily: previous}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
WHERE flight_date > tools.last_day()
GROUP BY flight_date
