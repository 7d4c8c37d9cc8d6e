/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
SELECT PARSE_DATE('%Y%m%d', event_date) AS day, COUNT(*) AS events
FROM lake.events_
GROUP BY day
