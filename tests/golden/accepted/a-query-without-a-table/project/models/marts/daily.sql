/*---
description: Flights per day.
owner: ops@example.com
---*/
SELECT x AS number, POW(x, 2) AS square FROM UNNEST(GENERATE_ARRAY(1, 10)) AS x
