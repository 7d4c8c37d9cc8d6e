/*---
description: Sales of seven days.
owner: finance@example.com
partition: {by: day, grain: day, from: 2024-01-07}
inputs: {marts.daily: {last: 7 days}}
columns: {day: Last of the seven days, total: Sum of amounts}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(total) AS total FROM marts.daily
