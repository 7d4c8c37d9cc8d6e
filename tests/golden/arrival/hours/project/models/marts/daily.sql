/*---
description: Clicks per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
SELECT DATE(_PARTITIONTIME, 'America/New_York') AS day, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY day
