{% macro most(origin) %}MAX(IF(origin = '{{ origin }}', dep_dely, 0)){% endmacro %}
