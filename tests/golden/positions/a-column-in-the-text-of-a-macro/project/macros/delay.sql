{# Minutes. #}
{% macro delay() -%}
  SUM(
    dep_dely
  )
{%- endmacro %}
