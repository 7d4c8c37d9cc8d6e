/*---
description: Seats of each carrier in the two weeks up to the end of each.
owner: ops@example.com
partition: {by: week, grain: week(monday), from: 2010-01-04, to: 2010-01-18}
key: [week, carrier]
inputs: {marts.weekly: {last: 2 weeks}}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 WEEK) AS week, carrier, SUM(seats) AS seats
FROM marts.weekly
GROUP BY carrier
