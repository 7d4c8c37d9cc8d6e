{% macro label(column) -%}
  STARTS_WITH({{ column }}, 'x')
{%- endmacro %}
