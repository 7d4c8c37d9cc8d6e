/*---
description: Seats of each carrier, per quarter.
owner: ops@example.com
partition: {by: quarter, grain: quarter, from: 2010-01-01}
key: [quarter, carrier]
---*/
SELECT DATE_TRUNC(flight_date, QUARTER) AS quarter, carrier, SUM(seats) AS seats
FROM lake.departures
GROUP BY quarter, carrier
