{% macro age(column) %}DATE_DIFF(CURRENT_DATE(), {{ column }}, DAY){% endmacro %}
