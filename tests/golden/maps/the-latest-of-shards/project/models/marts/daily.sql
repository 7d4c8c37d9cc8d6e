/*---
description: Visitors per day, with the countries as they were last known.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
inputs: {countries: {latest: 2 months}}
---*/
SELECT flights.flight_date, countries.country, COUNT(*) AS flights
FROM lake.flights
JOIN `lake.countries_*` AS countries ON countries.airport = flights.origin
GROUP BY flights.flight_date, countries.country
