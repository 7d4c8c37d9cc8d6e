"""Where a piece of rendered SQL is written, and how it got from there into the SQL."""

from __future__ import annotations

import pytest
from templates import FRONT_MATTER, MODEL, Rendered

A, B = "macros/a.sql", "macros/b.sql"
MACROS = {
    A: "{# Über 🛫 #}\n{% macro late(column, limit=15) %}\n  COUNTIF({{ column }} > {{ limit }})\n{% endmacro %}\n"
    "{% macro pair(x) %}{{ late(x) }} AS {{ x }}_late{% endmacro %}\n",
    B: "{% macro wrap(name) %}({{ caller() }}) AS {{ name }}{% endmacro %}\n"
    "{% macro both(x) %}\n{{ pair(x) }},\n{{ pair(x ~ '_2') }}{% endmacro %}\n",
}
CALLED = "in the macro {}, called from here"

# template, a word of its text, where that is written, and the trail from there
CASES = {
    "text without a tag before it": ("SELECT nope {{ 1 }}", "nope", (MODEL, "nope"), []),
    "text behind a tag on its line": ("SELECT {{ vars.minutes }}, nope", "nope", (MODEL, "nope"), []),
    "text behind a tag that gives nothing": ("{% set a = 1 %}\n\n{# no #}SELECT nope", "nope", (MODEL, "nope"), []),
    "text behind white space that a tag takes away": (
        "SELECT  {%- if true -%}  nope{% endif %}",
        "nope",
        (MODEL, "nope"),
        [],
    ),
    "text behind letters of several bytes": ("SELECT 'äöü🛫{{ 1 }}', 'ß', nope", "nope", (MODEL, "nope"), []),
    "text behind a tab": ("SELECT\t{{ 1 }}\t,\tnope", "nope", (MODEL, "nope"), []),
    "text with a line between": ("{{ 1 }}\nSELECT a,\n  b", "a,\n  b", (MODEL, "a,\n  b"), []),
    "raw text": ("{% raw %}'{{ }}', nope{% endraw %}", "nope", (MODEL, "nope"), []),
    "what an expression gives": ("a, {{ vars.text }}", "it is", (MODEL, "{{ vars.text }}"), []),
    "a part of what an expression gives": ("a, {{ vars.text }}", "is", (MODEL, "{{ vars.text }}"), []),
    "an expression over several lines": (
        "a,\n{{\n  vars.minutes\n  + 1\n}}",
        "16",
        (MODEL, "{{\n  vars.minutes\n  + 1\n}}"),
        [],
    ),
    "an expression that takes white space away": ("a  {{- vars.text -}}  b", "it is", (MODEL, "{{- vars.text -}}"), []),
    "text and an expression in one word": (
        "a AS late_{{ vars.minutes }}",
        "late_15",
        (MODEL, "late_{{ vars.minutes }}"),
        [],
    ),
    "two expressions in one word": (
        "{{ vars.minutes }}{{ vars.column }}",
        "15dep",
        (MODEL, "{{ vars.minutes }}{{ vars.column }}"),
        [],
    ),
    "an expression between text": ("x{{ vars.minutes }}y z", "x15y", (MODEL, "x{{ vars.minutes }}y"), []),
    "a quoted text": ("{{ 'nope' }}", "nope", (MODEL, "nope"), []),
    "a part of a quoted text": ("{{ 'a + nope + b' }}", "nope", (MODEL, "nope"), []),
    "a quoted text with an escape": ("{{ 'no\\x70e' }}", "nope", (MODEL, "{{ 'no\\x70e' }}"), []),
    "a choice of texts": ("{{ 'yes' if vars.minutes > 99 else 'nope' }}", "nope", (MODEL, "nope"), []),
    "text of a loop": ("{% for b in vars.bands %}\n nope,{% endfor %}", "nope", (MODEL, "nope"), []),
    "what a loop counts": ("{% for b in vars.bands %}b > {{ b }},{% endfor %}", "60", (MODEL, "{{ b }}"), []),
    "one of the texts that are looped over": (
        "{% for c in ['good', 'nope'] %}SUM({{ c }}),{% endfor %}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ c }}"), "put in here")],
    ),
    "the end of one turn of a loop and the start of the next": (
        "{% for b in vars.bands %}x{{ b }}{% endfor %}",
        "30x",
        (MODEL, "{{ b }}"),
        [],
    ),
    "text after an if": ("{% if vars.minutes > 3 %}a{% else %}b{% endif %}, nope", "nope", (MODEL, "nope"), []),
    "text of a macro": (
        "SELECT {{ late('d') }}",
        "COUNTIF",
        (A, "COUNTIF"),
        [((MODEL, "{{ late('d') }}"), CALLED.format("late"))],
    ),
    "what a macro computes": (
        "SELECT {{ late('d', 7 + 1) }}",
        "8",
        (A, "{{ limit }}"),
        [((MODEL, "{{ late('d', 7 + 1) }}"), CALLED.format("late"))],
    ),
    "what a macro was given": (
        "SELECT {{ late('nope') }}",
        "nope",
        (MODEL, "nope"),
        [((A, "{{ column }}"), "put in here by the macro late")],
    ),
    "what a macro was given from a variable": (
        "SELECT {{ late(vars.column) }}",
        "dep_delay",
        (A, "{{ column }}"),
        [((MODEL, "{{ late(vars.column) }}"), CALLED.format("late"))],
    ),
    "text of a macro that a macro calls": (
        "SELECT {{ pair('d') }}",
        "COUNTIF",
        (A, "COUNTIF"),
        [((A, "{{ late(x) }}"), CALLED.format("late")), ((MODEL, "{{ pair('d') }}"), CALLED.format("pair"))],
    ),
    "text and argument in one word of a macro": (
        "SELECT {{ pair('d') }}",
        "d_late",
        (A, "{{ x }}_late"),
        [((MODEL, "{{ pair('d') }}"), CALLED.format("pair"))],
    ),
    "text that was put together": (
        "SELECT {{ both('nope') }}",
        "nope_2",
        (A, "{{ column }}"),
        [
            ((A, "{{ late(x) }}"), CALLED.format("late")),
            ((B, "{{ pair(x ~ '_2') }}"), CALLED.format("pair")),
            ((MODEL, "{{ both('nope') }}"), CALLED.format("both")),
        ],
    ),
    "quoted texts that were put together": ("{{ 'no' ~ 'pe' }}", "nope", (MODEL, "{{ 'no' ~ 'pe' }}"), []),
    "quoted texts that were put together before": (
        "{% set x = 'no' ~ 'pe' %}a, {{ x }}",
        "nope",
        (MODEL, "{% set x = 'no' ~ 'pe' %}"),
        [((MODEL, "{{ x }}"), "put in here")],
    ),
    "text from two macros": (
        "{{ late('no') ~ late('pe') }}",
        "15)\n\n  COUNTIF",
        (MODEL, "{{ late('no') ~ late('pe') }}"),
        [],
    ),
    "a macro of the model itself": (
        "{% macro own() %}nope{% endmacro %}SELECT {{ own() }}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ own() }}"), CALLED.format("own"))],
    ),
    "text that was set": (
        "{% set x %}\n  a, nope{% endset %}SELECT {{ x }}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ x }}"), "put in here")],
    ),
    "a quoted text that was set": (
        "{% set x = 'nope' %}SELECT {{ x }}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ x }}"), "put in here")],
    ),
    "the text of a call block": (
        "SELECT {% call wrap('n') %}SUM(nope){% endcall %}",
        "nope",
        (MODEL, "nope"),
        [
            ((B, "{{ caller() }}"), "put in here by the macro wrap"),
            ((MODEL, "{% call wrap('n') %}"), CALLED.format("wrap")),
        ],
    ),
    "the text around a call block": (
        "SELECT {% call wrap('n') %}1{% endcall %}",
        ") AS",
        (B, ") AS"),
        [((MODEL, "{% call wrap('n') %}"), CALLED.format("wrap"))],
    ),
    "the text of a filter block": (
        "SELECT {% filter upper %}a, nope{% endfilter %}",
        "NOPE",
        (MODEL, "nope"),
        [((MODEL, "{% filter upper %}"), "put in here")],
    ),
    "text in capitals": (
        "{% set x %}a nope{% endset %}{{ x | upper }}",
        "NOPE",
        (MODEL, "nope"),
        [((MODEL, "{{ x | upper }}"), "put in here")],
    ),
    "text that is moved to the right": (
        "{% set x %}a,\nb,\n  nope{% endset %}{{ x | indent(4) }}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ x | indent(4) }}"), "put in here")],
    ),
    "the line of a text in which something was replaced": (
        "{% set x %}a,\n  nop,\nc{% endset %}{{ x | replace('nop', 'nope') }}",
        "nope",
        (MODEL, "  nop,"),
        [((MODEL, "{{ x | replace('nop', 'nope') }}"), "put in here")],
    ),
    "text that a filter makes anew": (
        "{% set x %}pon{% endset %}{{ x | reverse }}e",
        "nop",
        (MODEL, "{{ x | reverse }}"),
        [],
    ),
    "text without its ends": (
        "{% set x %}\n nope {% endset %}{{ x | trim }}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ x | trim }}"), "put in here")],
    ),
    "a part of a text": (
        "{% set x = 'a nope' %}{{ x[2:] }}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ x[2:] }}"), "put in here")],
    ),
    "joined texts": ("{{ ['a', 'nope'] | join(', ') }}", "nope", (MODEL, "nope"), []),
    "what joins texts": ("{{ ['a', 'b'] | join(' nope ') }}", "nope", (MODEL, "nope"), []),
    "added texts": ("{{ 'a' + 'nope' }}", "nope", (MODEL, "nope"), []),
    "a loop that calls itself": (
        "{% for x in [['nope']] recursive %}{{ x if x is string else loop(x) }}{% endfor %}",
        "nope",
        (MODEL, "nope"),
        [((MODEL, "{{ x if x is string else loop(x) }}"), "put in here")],
    ),
    "a block": ("{% block b %}a, nope{% endblock %}", "nope", (MODEL, "nope"), []),
    "a block that is put in again": (
        "{% block b %}a {% endblock %}{{ self.b() }}nope",
        "nope",
        (MODEL, "nope"),
        [],
    ),
}


@pytest.mark.parametrize(("sql", "word", "expected", "trail"), CASES.values(), ids=CASES)
def test_where_a_word_is_written(sql, word, expected, trail):
    rendered = Rendered(sql, MACROS)
    place = rendered.place(word)

    assert rendered.at(place) == expected
    assert [(rendered.at(step.place), step.message) for step in place.trail] == trail


def test_each_turn_of_a_loop_is_told_apart():
    rendered = Rendered("{% for c in ['a', 'b'] %}SUM({{ c }}) AS {{ c }}_sum,\n{% endfor %}")
    places = [rendered.place(word) for word in ("a)", "b)")]

    assert [rendered.at(place)[1] for place in places] == ["{{ c }})", "{{ c }})"]
    assert [rendered.at(rendered.source_map.place(start, start + 1))[1] for start in (4, 21)] == ["a", "b"]


def test_lines_and_columns_count_from_one_and_from_the_start_of_the_file():
    place = Rendered("SELECT '🛫',\t{{ vars.minutes }}\n  , nope").place("nope")

    assert (place.line, place.column) == (FRONT_MATTER.count("\n") + 2, 5)


@pytest.mark.parametrize("sql", ["{% if false %}SELECT 1{% endif %}", "{# nothing #}"], ids=["an if", "a comment"])
def test_a_template_without_text_has_a_place(sql):
    rendered = Rendered(sql)

    assert rendered.text == ""
    assert rendered.source_map.place(0, 1).line == FRONT_MATTER.count("\n") + 1


def test_the_end_of_the_text_has_a_place():
    rendered = Rendered("{{ 1 }} AS one")

    assert rendered.at(rendered.source_map.place(len(rendered.text), len(rendered.text) + 1)) == (MODEL, "e")


VERBATIM = {
    "text": ("SELECT nope {{ 1 }}", "nope", True),
    "text behind a loop": ("{% for i in [1, 2] %}a, {% endfor %}nope", "nope", True),
    "text of a branch": ("{% if true %}nope {% endif %}", "nope", True),
    "text of a loop": ("{% for i in [1, 2] %}nope {% endfor %}", "nope", False),
    "a quoted text": ("{{ 'nope' }}", "nope", False),
    "text of a macro": ("{{ late('d') }}", "COUNTIF", False),
    "text that was set": ("{% set x %}nope{% endset %}{{ x }}", "nope", False),
    "what an expression gives": ("{{ vars.text }}", "it is", False),
    "text and an expression": ("x_{{ vars.column }}", "x_dep_delay", False),
    "text around a comment": ("no{# #}pe", "nope", False),
}


@pytest.mark.parametrize(("sql", "word", "expected"), VERBATIM.values(), ids=VERBATIM)
def test_what_may_be_edited_in_the_file(sql, word, expected):
    rendered = Rendered(sql, MACROS)
    start = rendered.text.index(word)
    found = rendered.source_map.verbatim(start, start + len(word))

    assert (found is not None) is expected
    if found:
        assert rendered.documents[MODEL].text[slice(*found)] == word


def test_text_that_is_added_to_itself_many_times():
    double = "{% set n = namespace(x='nope') %}{% for i in range(16) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
    rendered = Rendered(f"{double}{{{{ n.x }}}}")

    assert len(rendered.text) == 4 * 2**16
    assert rendered.at(rendered.source_map.place(4 * 30_000, 4 * 30_000 + 4)) == (MODEL, "nope")


GROWN = (
    "{{% set n = namespace(x='') %}}{{% for i in range({}) %}}{{% set n.x = n.x ~ 'a ' %}}{{% endfor %}}"
    "{{% set n.x = n.x[4:] ~ 'nope' %}}{{{{ n.x }}}}"
)


def test_text_that_grows_piece_by_piece():
    rendered = Rendered(GROWN.format(5000))

    assert [rendered.at(rendered.place(word)) for word in ("a", "nope")] == [(MODEL, "a"), (MODEL, "nope")]


def test_each_piece_is_a_segment():
    segments = list(Rendered(GROWN.format(20)).source_map.segments())

    assert [segment.end - segment.start for segment in segments] == [*[2] * 18, 4]


def test_a_text_that_is_cut_and_moved_many_times():
    shrink = "{% for i in range(2000) %}{% set n.x = (n.x | indent(1, first=true))[1:] %}{% endfor %}"
    rendered = Rendered(f"{{% set n = namespace(x='a,\nb, nope') %}}{shrink}{{{{ n.x }}}}")

    assert rendered.at(rendered.place("nope")) == (MODEL, "nope")


def test_a_macro_that_calls_itself_has_a_short_trail():
    macro = "{% macro down(n) %}{% if n %}({{ down(n - 1) }}){% else %}nope{% endif %}{% endmacro %}"
    place = Rendered("{{ down(50) }}", {A: macro}).place("nope")

    assert [step.place.path for step in place.trail] == [A, MODEL]
