{#
  One column for each band of minutes, counting the rows whose delay falls into it. With the bounds 15 and 30 these
  are up_to_15, over_15_to_30 and over_30. A NULL delay (a cancelled flight) is in no band.
#}
{% macro delay_bands(delay, bounds) -%}
  {% for bound in bounds -%}
  {% if loop.first -%}
  COUNTIF({{ delay }} <= {{ bound }}) AS up_to_{{ bound }},
  {% else -%}
  COUNTIF({{ delay }} > {{ loop.previtem }} AND {{ delay }} <= {{ bound }}) AS over_{{ loop.previtem }}_to_{{ bound }},
  {% endif -%}
  {% endfor -%}
  COUNTIF({{ delay }} > {{ bounds | last }}) AS over_{{ bounds | last }}
{%- endmacro %}

{# The share of departures at most so many minutes late. Cancelled flights have no delay and do not count. #}
{% macro on_time_share(delay, minutes) -%}
  SAFE_DIVIDE(COUNTIF({{ delay }} <= {{ minutes }}), COUNT({{ delay }}))
{%- endmacro %}
