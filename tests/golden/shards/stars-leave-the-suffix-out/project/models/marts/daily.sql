/*---
description: Events per day.
owner: web@example.com
partition: {by: day, grain: day, from: 2024-01-01}
key: [day]
---*/
WITH
  days AS (SELECT *, PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day FROM `lake.events_*`),
  fewer AS (SELECT e.* EXCEPT (event_date), e._TABLE_SUFFIX AS suffix FROM `lake.events_*` AS e),
  none AS (SELECT COUNT(*) AS n FROM `lake.events_*`)
SELECT day, MAX(days.event_name) AS last_name, MAX(none.n) AS n, MAX(fewer.visitor) AS visitor
FROM days
JOIN fewer ON PARSE_DATE('%Y%m%d', fewer.suffix) = days.day
CROSS JOIN none
GROUP BY day
