{% macro share(origin) -%}
  SAFE_DIVIDE({{ delay(origin) }}, SUM(dep_delay))
{%- endmacro %}
