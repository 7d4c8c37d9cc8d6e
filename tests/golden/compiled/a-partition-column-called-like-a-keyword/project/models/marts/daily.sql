/*---
description: Flights per day.
owner: ops@example.com
partition: {by: order, grain: day, from: 2013-01-01}
---*/
SELECT `order`, COUNT(*) AS sales
FROM shop.sales
GROUP BY `order`
