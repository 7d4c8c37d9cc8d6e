{% macro delay(origin) -%}
  SUM(IF(origin = '{{ origin }}', dep_dely, 0))
{%- endmacro %}
