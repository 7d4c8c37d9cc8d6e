/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
WITH events AS (
  FROM `lake.events_*`
  |> WHERE _TABLE_SUFFIX != '20240229'
)
SELECT PARSE_DATE('%Y%m%d', event_date) AS day, COUNT(*) AS events
FROM events
GROUP BY day
