{# Late departures: Verspätungen ✈. #}
{% macro late(column, limit=15) %}
  COUNTIF({{ column }} > {{ limit }})
{%- endmacro %}
