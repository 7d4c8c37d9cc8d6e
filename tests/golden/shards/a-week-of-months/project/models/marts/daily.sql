/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
inputs: {"lake.events_*": {last: 7 days}}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, COUNT(*) AS events
FROM `lake.events_*`
