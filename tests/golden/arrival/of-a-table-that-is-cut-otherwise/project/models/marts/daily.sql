/*---
description: Clicks per day.
owner: web@example.com
key: [day]
---*/
SELECT DATE(_PARTITIONTIME) AS day, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY day
