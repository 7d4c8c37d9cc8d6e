/*---
description: Seats of each carrier, per ISO week.
owner: ops@example.com
partition: {by: week, grain: isoweek, from: 2009-12-28, to: 2010-01-18}
key: [week, carrier]
---*/
SELECT DATE_TRUNC(flight_date, ISOWEEK) AS week, carrier, SUM(seats) AS seats
FROM lake.departures
GROUP BY week, carrier
