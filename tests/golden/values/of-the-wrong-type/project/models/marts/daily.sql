/*---
description: ""
owner:
schedule: fortnightly
kind: tabel
partition: {by: 1st_column, grain: fortnight, from: tomorrow, to: 2013-02-30, zone: New_York}
cluster: [flight-date]
key: ["flight date"]
inputs: {lake.flights: sam, a: {last: 7}, b: {last: 0 days}, c: {lates: 1 day}, d: {last: 7 isoweeks}}
columns: {"flight date": Day, flights: [Number]}
checks: [{not_null: a, unique: b}, [a], NO]
freshness: {warn_after: 26, error_after: two days}
budget: {bytes: lots}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
