{# Whether a play saw the video to the end. Nobody waits for the last line of the credits. #}
{% macro is_completed(seconds_watched, duration_seconds) -%}
  {{ seconds_watched }} >= {{ vars.completed_share }} * {{ duration_seconds }}
{%- endmacro %}
