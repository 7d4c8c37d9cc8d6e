/*---
description: Sales per day.
owner: shop@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
columns: {day: Day of the sale, total: Sum of amounts}
---*/
SELECT day, SUM(amount) AS total FROM lake.sales GROUP BY day
