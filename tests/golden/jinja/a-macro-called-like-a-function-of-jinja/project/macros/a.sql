{% macro range(delay) %}COUNT({{ delay }}){% endmacro %}
