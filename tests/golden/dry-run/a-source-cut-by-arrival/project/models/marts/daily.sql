/*---
description: Clicks per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01, zone: UTC}
key: [day, url]
---*/
WITH clicks AS (SELECT *, DATE(_PARTITIONTIME) AS day FROM lake.clicks)
SELECT day, url, COUNT(DISTINCT visitor) AS visitors
FROM clicks
GROUP BY day, url
