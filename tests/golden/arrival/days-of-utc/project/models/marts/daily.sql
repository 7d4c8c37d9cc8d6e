/*---
description: Clicks per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01, zone: UTC}
key: [day]
---*/
SELECT DATE(_PARTITIONTIME) AS day, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY day
