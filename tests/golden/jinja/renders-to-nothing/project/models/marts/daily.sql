/*---
description: Flights per day.
owner: ops@example.com
---*/
{% if false %}
SELECT 1 AS one
{% endif %}
