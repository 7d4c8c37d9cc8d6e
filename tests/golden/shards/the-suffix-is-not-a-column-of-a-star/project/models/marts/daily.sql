/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
WITH e AS (SELECT * FROM `lake.events_*`)
SELECT PARSE_DATE('%Y%m%d', e._TABLE_SUFFIX) AS day, COUNT(*) AS events
FROM e
GROUP BY day
