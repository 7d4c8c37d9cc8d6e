/*---
description: The same under other names.
owner: ops@example.com
partition: {by: day, grain: day, from: 2013-01-01}
key: [day, carrier]
---*/
SELECT flight_date AS day, carrier, ROUND(100 * on_time, 1) AS percent FROM marts.days
