/*---
description: Flights per day.
owner: ops@example.com
---*/
{% for t in ['a', 'b'] %}
SELECT 1 AS {{ t }};
{% endfor %}
