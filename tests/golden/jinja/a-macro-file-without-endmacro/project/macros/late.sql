{% macro late(delay) %}
COUNTIF({{ delay }} > 15)
