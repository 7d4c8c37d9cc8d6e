/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day, COUNT(DISTINCT visitor) AS visitors
FROM `lake.events_*`
GROUP BY day
