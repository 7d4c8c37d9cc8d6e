{% macro late(delay) -%}
  COUNTIF({{ delay }} > {{ vars.on_time_minutes }})
{%- endmacro %}
