{# Late departures. #}
{% macro late(delay) %}
COUNTIF({{ delay > 15)
{% endmacro %}
