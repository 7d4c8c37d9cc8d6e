{% macro quoted(text) %}MAX('{{ text }}){% endmacro %}
