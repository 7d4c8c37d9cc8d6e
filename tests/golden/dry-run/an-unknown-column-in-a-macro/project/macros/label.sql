{% macro label() -%}
  dep_dely > 3
{%- endmacro %}
