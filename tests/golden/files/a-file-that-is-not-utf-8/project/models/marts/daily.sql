/*---
description: Ãœbersicht der Verspätungen
owner: a@example.com
schedule: daily
partition: {by: flight_date, grain: day, from: 1959-12-31, to: 9999-12-31}
---*/
SELECT flight_date, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date
