/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
SELECT DATE(time_hour, 'America/New_York') AS flight_date, COUNT(*) AS hours
FROM lake.weather
GROUP BY flight_date
