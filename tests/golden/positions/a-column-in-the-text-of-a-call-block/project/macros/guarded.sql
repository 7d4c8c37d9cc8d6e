{% macro guarded(name) %}
  IF(COUNT(dep_delay) IS NULL, NULL, {{ caller() }}) AS {{ name }}
{% endmacro %}
