/*---
description: A number that means nothing.
owner: ops@example.com
partition: {by: day, grain: day, from: 2013-01-01}
key: [day]
---*/
SELECT day, SUM(percent) AS percent FROM marts.renamed GROUP BY day
