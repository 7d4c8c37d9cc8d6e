{% macro lake(table) %}lake.{{ table }}{% endmacro %}
