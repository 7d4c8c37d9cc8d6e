{% macro late(delay) %}COUNTIF({{ delay }} > 30){% endmacro %}
