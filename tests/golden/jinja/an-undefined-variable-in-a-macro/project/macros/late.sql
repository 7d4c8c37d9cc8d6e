{% macro late(delay) %}
COUNTIF({{ delay }} > {{ vars.minutes }})
{% endmacro %}
