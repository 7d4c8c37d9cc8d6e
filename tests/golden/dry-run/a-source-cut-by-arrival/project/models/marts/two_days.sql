/*---
description: Clicks per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, COUNT(DISTINCT visitor) AS visitors
FROM lake.clicks
