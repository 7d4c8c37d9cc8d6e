/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
volatile: 1 day
lookback: 1 day
---*/
SELECT
  flight_date,
  -- lint: allow clock because the age is shown, and never added up
  DATE_DIFF(CURRENT_DATE('UTC'), flight_date, DAY) AS age,
  COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
