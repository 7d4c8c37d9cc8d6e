/*---
description: A model.
owner: a@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date]
---*/
SELECT flight_date, COUNT(tools.claen(carrier)) AS carriers FROM lake.flights GROUP BY flight_date
