{% macro guarded(name) %}
  IF(dep_dely IS NULL, NULL, {{ caller() }}) AS {{ name }}
{% endmacro %}
