{% macro all() %}*{% endmacro %}
