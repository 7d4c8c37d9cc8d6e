/*---
description: Clicks per address.
owner: web@example.com
key: [url]
---*/
SELECT url, COUNT(DISTINCT visitor) AS visitors
FROM lake.clicks
WHERE _PARTITIONTIME >= 'yesterday'
GROUP BY url
