/*---
description: [Flights, per, day]
owner: {name: ops}
schedule: [daily]
kind: {table: yes}
partition: flight_date
cluster: {carrier: 1}
key: [[flight_date]]
inputs: [lake.flights]
columns: [flights]
checks: not_null
freshness: 26h
budget: 5 GB
tags: {core: yes}
---*/
SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
