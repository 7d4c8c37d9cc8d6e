"""The text of a template is what Jinja makes of it, whether or not its origin is followed."""

from __future__ import annotations

import string

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from templates import Rendered, by_jinja

MACROS = {
    "macros/a.sql": "{% macro twice(x) %}2 * {{ x }}{% endmacro %}\n"
    "{%- macro lines(x, y='y') -%}\n  {{ x }} AS x,\n\t{{ y }} AS y\n{% endmacro %}",
    "macros/b.sql": "{% macro wrap(name) %}({{ caller() }}) AS {{ name }}{% endmacro %}"
    "{% macro each(items) %}{% for i in items %}{{ twice(i) }}{{ ', ' if not loop.last }}{% endfor %}{% endmacro %}"
    "{% macro rows(n) %}{{ caller(n) | trim | indent(2) }}{{ caller(n + 1) }}{% endmacro %}",
}
TEMPLATES = [
    "SELECT 1",
    "{{ 'a' ~ 'b' ~ 1 ~ twice('c') }} {{ 'a' + 'b' }} {{ 'a' + twice('b') + 'c' }} {{ 'ab' * 3 }}",
    "{% set x %}a\n  b{{ vars.text }}{% endset %}{{ x | length }} {{ x == 'a\n  bit is' }} {{ x | upper }} {{ x[2:] }}",
    "{% set x | upper | indent(3) %}a\nb{% endset %}{{ x }}|{{ x.split('\n') | join('-') }}|{{ x is string }}",
    "{{ lines('p') | indent(4) }}|{{ lines('p') | trim }}|{{ lines('p').strip() }}",
    "{{ lines('p') | replace('x', 'yy') }}|{{ lines('p') | wordwrap(5) }}|{{ lines('p') | truncate(9) }}",
    "{% call wrap('n') %}\nCOUNT({{ vars.column }}){% endcall %}{% call(n) rows(3) %} r{{ n }}\n{% endcall %}",
    "{% filter upper %}a{{ twice('b') }}{% endfilter %}{% filter replace('a', 'bb') | trim %} aa {% endfilter %}",
    "{% for a, b in [('x', 1), ('y', 2)] %}{{ a }}{{ b }}{% else %}none{% endfor %}{{ {'a': 1}['a'] }}{{ {'a': 1}.a }}",
    "{% for i in [1, [2, [3]]] recursive %}{{ loop(i) if i is iterable else i }};{% endfor %}",
    "{% if 'a' in ['a'] and 'a' == 'a' and 'b' > 'a' %}{{ 'yes' if 'a' is eq('a') else 'no' }}{% endif %}",
    "{{ ['b', 'a'] | sort | join(', ') }}{{ ['a', 'b'] | join }}{{ ['a', 'A'] | unique | list | length }}",
    "{{ '%s-%s' % ('a', 'b') }}{{ '{}-{x}'.format('a', x='b') }}{{ '%s' | format('a') }}",
    "{{ 'it' | title }}{{ 'ß' | upper }}{{ 'abc' | reverse }}{{ 'a b' | wordcount }}{{ 'a\nb' | center(9) }}",
    "{{ 'a'.upper().lower().center(5) }}{{ 'a-b'.partition('-')[2] }}{{ 'abc'[::-1] }}",
    "{{ 'abc'[1] }}{{ 'abc'[1:2] }}{{ 'abc'[-2:] }}{{ 'abc'[5:] }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|",
    "{{ vars.names | map('upper') | join }}{{ vars.names | first }}{{ 'x,y'.split(',') | last }}",
    "{{ cycler('a', 'b').next() }}{{ joiner('-')() }}{% set n = namespace(x='a') %}{% set n.x = n.x ~ 'b' %}{{ n.x }}",
    "{{ {'a': 'b'} | tojson }}{{ 'a<b' | e }}{{ 'a' | default('b') }}{{ vars.nope | default('b') }}{{ 'x' | safe }}",
    "{% autoescape true %}a<b {{ 'a<b' }} {{ twice('<') }}{{ 'a' ~ '<' }}{% endautoescape %}",
    "{% autoescape true %}{% set x %}<{% endset %}{{ x }}{% call wrap('<') %}<{% endcall %}{% endautoescape %}",
    "{% block b %}in a block {{ vars.text }}{% endblock %}{{ self.b() }}",
    "{% macro local(x) %}[{{ x }}{{ varargs | join }}{{ kwargs['k'] }}]{% endmacro %}{{ local('a', 'b', k='c') }}",
    "{% with x = 'a' %}{{ x }}{% endwith %}{% raw %}{{ raw }}{% endraw %}{# nothing #}{% raw -%} x {%- endraw %}",
    "a  {%- if true -%}  b  {%- endif -%}  c {{- 'd' -}} e {#- f -#} g",
    "a\n {%+ if true +%} h{% endif %}\n{% if true %}\ni\n{% endif %}\n\n",
    "{{ 'esc\\'aped \\n \\u00e4' }}{{ \"dou'ble\" }}{{ 'two' 'parts' }}{{ '' }}{{ '' ~ '' }}",
    "{{ 'a' | pprint }}{{ ['a'] | string }}{{ {'b': 1, 'a': 'c'} | dictsort }}{{ {'a': 'b'} | xmlattr }}",
    "{{ ['ab', 'c'] | select('in', ['c']) | list | string }}{{ 'abc' | batch(2) | list | string }}{{ 'bc' in 'abcd' }}",
    "{{ '%(a)s' % {'a': 'b'} }}{{ ['a', 'b'] | max }}{{ ['b', 'a'] | groupby(0) | string }}{{ 'a' is sameas 'b' }}",
    "{{ 'a' | list }}",
    "{{ ['a', 'b'] | sum }}",
    "{{ [1, 2] | sum(start='') }}",
    "{% filter length %}a{% endfilter %}",
    "{{ 'a' + 1 }}",
    "{{ 1 + 'a' }}",
    "{{ 'a' | float }}{{ '12' | int + 1 }}{{ '2' * 2 }}",
    "{{ nope }}",
    "{{ twice(nope) }}",
    "{{ twice() }}",
    "{% include 'x' %}",
]


def outcome(render, sql):
    """The text, or what went wrong."""
    try:
        return render(sql, MACROS)
    except Exception as error:  # noqa: BLE001
        said = str(error).replace("Traced", "str")
        return type(error), "" if isinstance(error, jinja2.TemplateSyntaxError) else said


def traced(sql, macros):
    return Rendered(sql, macros).text


@pytest.mark.parametrize("sql", TEMPLATES, ids=range(len(TEMPLATES)))
def test_the_text_is_that_of_jinja(sql):
    assert outcome(traced, sql) == outcome(by_jinja, sql)


def test_most_of_them_give_a_text():
    assert sum(isinstance(outcome(by_jinja, sql), str) for sql in TEMPLATES) > 20


blank = st.sampled_from(["", " ", "\n", "\n  ", "\t", "\n\n"])
words = st.text(alphabet=string.ascii_letters + "äß🛫", min_size=1, max_size=5)
quoted = words.map("'{}'".format)
names = st.sampled_from(["x", "vars.text", "vars.column", "vars.minutes", "vars.names[0]", "vars.bands[1]"])
filters = st.sampled_from(
    [
        "upper",
        "lower",
        "trim",
        "indent(2)",
        "replace('a', 'bc')",
        "title",
        "capitalize",
        "length",
        "center(9)",
        "reverse",
    ]
)


def expressions(inner):
    return st.one_of(
        st.tuples(inner, filters).map(lambda t: f"({t[0]}) | {t[1]}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]}) ~ ({t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) if ({t[1]}) == ({t[2]}) else ({t[2]})"),
        inner.map(lambda e: f"twice({e})"),
        st.tuples(inner, inner).map(lambda t: f"lines({t[0]}, y={t[1]})"),
        st.lists(inner, max_size=3).map(lambda items: f"each([{', '.join(items)}])"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}] | join(', ')"),
    )


values = st.recursive(st.one_of(quoted, names), expressions, max_leaves=4)
opens, closes = st.sampled_from(["{%", "{%-", "{%+"]), st.sampled_from(["%}", "-%}"])


@st.composite
def tags(draw, *inner):
    return "".join(
        f"{draw(opens)} {draw(each)} {draw(closes)}" if index % 2 == 0 else draw(each)
        for index, each in enumerate(inner)
    )


def blocks(body):
    return st.one_of(
        st.lists(body, min_size=1, max_size=4).map("".join),
        tags(values.map("if {} != 'a'".format), body, st.just("else"), body, st.just("endif")),
        tags(st.lists(values, max_size=3).map(lambda v: f"for x in [{', '.join(v)}]"), body, st.just("endfor")),
        st.tuples(tags(st.just("set x"), body, st.just("endset")), blank).map(lambda t: f"{t[0]}{t[1]}{{{{ x }}}}"),
        tags(quoted.map("call wrap({})".format), body, st.just("endcall")),
        tags(st.just("call(x) rows(1)"), body, st.just("endcall")),
        tags(filters.map("filter {}".format), body, st.just("endfilter")),
        tags(st.tuples(words, values).map("set x = {0[1]}".format), body, st.just("if true"), body, st.just("endif")),
    )


pieces = st.one_of(
    st.tuples(blank, words, blank).map("".join),
    values.map("{{{{ {} }}}}".format),
    values.map("{{{{- {} -}}}}".format),
    words.map("{{# {} #}}".format),
    words.map("{{% raw %}} {{{{ {} {{% endraw -%}}".format),
)
templates = st.recursive(pieces, blocks, max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(templates)
def test_any_text_is_that_of_jinja(sql):
    expected = outcome(by_jinja, "{% set x = 'x' %}" + sql)

    assert outcome(traced, "{% set x = 'x' %}" + sql) == expected


@settings(max_examples=100, deadline=None)
@given(templates)
def test_verbatim_text_is_the_text_of_its_file(sql):
    try:
        rendered = Rendered("{% set x = 'x' %}" + sql, MACROS)
    except Exception:  # noqa: BLE001  (it has no text; the test above compares what goes wrong)
        return
    segments = list(rendered.source_map.segments())

    assert [segment.start for segment in segments] == [0, *(segment.end for segment in segments)][:-1]
    assert (segments[-1].end if segments else 0) == len(rendered.text)
    for segment in segments:
        if segment.is_verbatim:
            written = segment.document.text[segment.source_start : segment.source_end]
            assert written.casefold() == rendered.text[segment.start : segment.end].casefold()
        else:
            assert segment.source_start < segment.source_end
