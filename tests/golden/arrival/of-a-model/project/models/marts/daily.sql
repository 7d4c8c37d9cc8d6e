/*---
description: Clicks per address.
owner: web@example.com
partition: {by: _PARTITIONTIME, grain: day, from: 2024-01-01}
key: [url]
---*/
SELECT url, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY url
