/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
SELECT PARSE_DATE('%Y%m%d', e._TABLE_SUFFIX) AS day, TO_JSON_STRING(e) AS event
FROM `lake.events_*` AS e
