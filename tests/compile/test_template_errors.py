"""Where a template goes wrong: in the tag, or at the name, of the file that its author has to mend."""

from __future__ import annotations

import pytest
from small_lake import LAKE, model_file

from aggregator.core.diagnostics import Document

MODEL = "models/marts/model.sql"
A, B = "macros/a.sql", "macros/b.sql"
FILES = {
    A: "{# Über 🛫 #}{% macro late(column, limit=15) %}\n  COUNTIF({{ column }} > {{ limit }})\n{% endmacro %}\n"
    "{% macro broken(x) %}é {{ x }}, {{ vars.nope }}{% endmacro %}\n"
    "{% macro divided(x) %}{{ 1 // x }}{% endmacro %}{% macro sized(x) %}{{ x | length }}{% endmacro %}\n",
    B: "{% macro outer(x) %}\n\n  {{ broken(x) }}{% endmacro %}{% macro wrap(a) %}({{ caller(a) }}){% endmacro %}\n",
    "aggregator.yml": LAKE["aggregator.yml"],
}
NOPE = "there is no nope: a template sees `vars` and the macros in macros/"
CALLED = "in the macro {}, called from here"

# template, what is said, where, and what is related
CASES = {
    "a name": ("SELECT {{ 1 }}, {{ 2 + nope }}", NOPE, (MODEL, "nope"), []),
    "a name behind letters of several bytes": ("SELECT 'ä🛫' {# ü #}, {{ nope }}", NOPE, (MODEL, "nope"), []),
    "a name in a tag of several lines": ("{{ vars.minutes\n   + 1\n\t+ nope }}", NOPE, (MODEL, "nope"), []),
    "a name that stands in the text, too": ("SELECT nope, {{ nope }}", NOPE, (MODEL, "nope"), []),
    "a name in a loop": ("{% for a in [1] %}{% for b in nope %}{% endfor %}{% endfor %}", NOPE, (MODEL, "nope"), []),
    "a name in a condition": (
        "{% if true %}{% if 1 > 2 or nope > 1 %}{% endif %}{% endif %}",
        NOPE,
        (MODEL, "nope"),
        [],
    ),
    "a name in an elif": ("{% if false %}\n{% elif nope > 1 %}{% endif %}", NOPE, (MODEL, "nope"), []),
    "a name that is set": ("{% set a = nope ~ 1 %}SELECT 1", NOPE, (MODEL, "nope"), []),
    "a variable": ("{{ vars.minutes }} {{ vars.nope }}", "there is no variable nope", (MODEL, "nope"), []),
    "a variable by its text": ("{{ vars['nope'] }}", "there is no variable nope", (MODEL, "nope"), []),
    "a property of a text": ("{{ 'a'.nope }}", "there is no nope here", (MODEL, "nope"), []),
    "a filter": ("{{ 1 }}{{ 'a' | nope }}", "there is no filter nope", (MODEL, "nope"), []),
    "a test": ("{{ 1 is nope }}", "there is no test nope", (MODEL, "nope"), []),
    "a tag": ("a {% nope %}", "there is no tag {% nope %}", (MODEL, "nope"), []),
    "an end without a beginning": (
        "a {% endif %}",
        "there is no {% if %} here that {% endif %} could close",
        (MODEL, "endif"),
        [],
    ),
    "a wrong end": (
        "{% if true %}{% endfor %}",
        "{% endfor %} is not expected here: {% if %} is to be closed first",
        (MODEL, "endfor"),
        [],
    ),
    "no end": (
        "{% for a in [1] %}{% if a %}\n{% endif %}",
        "{% for %} is never closed",
        (MODEL, "{% for a in [1] %}"),
        [],
    ),
    "the inner one of two has no end": (
        "{% for a in [1] %}{% if a %}\n{% endfor %}",
        "{% endfor %} is not expected here: {% if %} is to be closed first",
        (MODEL, "endfor"),
        [],
    ),
    "a tag that is never closed": ("a {{ vars.minutes AS b", "}} is expected here, not AS", (MODEL, "AS"), []),
    "a bracket that is never closed": ("a {{ (1 }}", ") is expected here, not }", (MODEL, "}"), []),
    "a wrong bracket": ("a {{ (1] }}", ") is expected here, not ]", (MODEL, "]"), []),
    "a strange character": ("a {{ 1 ? 2 }}", "? is not expected here", (MODEL, "?"), []),
    "a comment that is never closed": ("a\n{# b", "this comment is never closed", (MODEL, "{#"), []),
    "nothing in a tag": ("a {{ }}", "a value is expected here, not }}", (MODEL, "}}"), []),
    "a tag without a name": ("a {% %}", "the name of a tag, such as if or for, is missing after {%", (MODEL, "%}"), []),
    "raw text that is never closed": ("a {% raw %} b", "{% raw %} is never closed", (MODEL, "{% raw %}"), []),
    "a word too many": ("{% set a = 1 b %}", "%} is expected here, not b", (MODEL, "b"), []),
    "a division": ("{{ 1 }}, {{ 1 // 0 }}", "division by zero", (MODEL, "{{ 1 // 0 }}"), []),
    "a text and a number": ("{{ 'a' + 1 }}", "+ adds numbers: join texts with ~", (MODEL, "{{ 'a' + 1 }}"), []),
    "a number and a text": ("{{ 1 + 'a' }}", "+ adds numbers: join texts with ~", (MODEL, "{{ 1 + 'a' }}"), []),
    "a number that is looped over": (
        "{% for a in 5 %}{% endfor %}",
        "a number is not a list to loop over",
        (MODEL, "{% for a in 5 %}"),
        [],
    ),
    "a text that is called": ("{{ 'a'() }}", "this is not a macro and can't be called", (MODEL, "{{ 'a'() }}"), []),
    "in a macro": (
        "SELECT 1,\n  {{ broken('a') }}",
        "there is no variable nope",
        (A, "nope"),
        [((MODEL, "{{ broken('a') }}"), CALLED.format("broken"))],
    ),
    "in a macro that a macro calls": (
        "{{ outer('a') }}",
        "there is no variable nope",
        (A, "nope"),
        [((B, "{{ broken(x) }}"), CALLED.format("broken")), ((MODEL, "{{ outer('a') }}"), CALLED.format("outer"))],
    ),
    "what a macro computes": (
        "{{ divided(0) }}",
        "division by zero",
        (A, "{{ 1 // x }}"),
        [((MODEL, "{{ divided(0) }}"), CALLED.format("divided"))],
    ),
    "a name that is given to a macro": (
        "{{ late(nope) }}",
        NOPE,
        (MODEL, "nope"),
        [((A, "{{ column }}"), "it is used here")],
    ),
    "a value that a macro is not given": (
        "{{ late() }}",
        "the macro late needs a value for column",
        (MODEL, "{{ late() }}"),
        [((A, "{{ column }}"), "it is used here")],
    ),
    "a value too many": (
        "{{ late(1, 2, 3) }}",
        "the macro late takes at most 2 arguments",
        (MODEL, "{{ late(1, 2, 3) }}"),
        [],
    ),
    "a value of a wrong name": ("{{ late(1, nope=3) }}", "the macro late has no parameter nope", (MODEL, "nope"), []),
    "in a call block": (
        "{% call(a) wrap(1) %}{{ nope }}{% endcall %}",
        NOPE,
        (MODEL, "nope"),
        [
            ((B, "{{ caller(a) }}"), "put in here by the macro wrap"),
            ((MODEL, "{% call(a) wrap(1) %}"), CALLED.format("wrap")),
        ],
    ),
    "in a macro of the model": (
        "{% macro own() %}{{ nope }}{% endmacro %}a {{ own() }}",
        NOPE,
        (MODEL, "nope"),
        [((MODEL, "{{ own() }}"), CALLED.format("own"))],
    ),
    "in a block of set text": ("{% set a %}b {{ nope }}{% endset %}{{ a }}", NOPE, (MODEL, "nope"), []),
    "in a recursive loop": (
        "{% for a in [[1]] recursive %}{{ loop(a) if a is iterable else nope }}{% endfor %}",
        NOPE,
        (MODEL, "nope"),
        [((MODEL, "{% for a in [[1]] recursive %}"), "put in here")],
    ),
    "a text that is too long": (
        "a, '{{ 'b' * 3000000 }}'",
        "the text becomes 3.0 MB long; at most 1 MB can run",
        (MODEL, "{{ 'b' * 3000000 }}"),
        [],
    ),
    "too much memory": ("a, {{ 'b' * 3000000000 }}", "it needs too much memory", (MODEL, "{{ 'b' * 3000000000 }}"), []),
    "no end of it": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "it does not come to an end",
        (MODEL, "{% for b in range(99999) %}"),
        [],
    ),
}


def at(files, place):
    document = Document(place.path, files[place.path])
    start, end = (document.offset(*each) for each in ((place.line, place.column), (place.end_line, place.end_column)))
    return place.path, document.text[start:end]


@pytest.mark.parametrize(("sql", "said", "expected", "related"), CASES.values(), ids=CASES)
def test_what_goes_wrong_and_where(sql, said, expected, related, compile_files):
    files = {**FILES, MODEL: model_file(sql)}
    (found,) = compile_files(files).diagnostics

    assert found.message == f"the template can't be rendered: {said}"
    assert at(files, found.place) == expected
    assert [(at(files, each.place), each.message) for each in found.related] == related


def test_the_name_is_found_where_it_is_code(compile_files):
    files = {**FILES, MODEL: model_file("SELECT nope, 'nope', {# nope #} {{ 'a nope' ~ nope }}")}
    (found,) = compile_files(files).diagnostics

    assert found.place.column == len("SELECT nope, 'nope', {# nope #} {{ 'a nope' ~ ") + 1


BROKEN = {
    "syntax": ("{% macro a(x) %}\n  {{ x ) }}{% endmacro %}", (2, 8)),
    "no end": ("\n  {% macro a(x) %}\n  {{ x }}", (2, 3)),
    "outside of a macro": ("{% macro a(x) %}{{ x }}{% endmacro %}\n{{ nope }}", (2, 4)),
}


@pytest.mark.parametrize(("macro", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_macro_file_is_said_once(macro, expected, compile_files):
    other = "models/marts/other.sql"
    compiled = compile_files({A: macro, MODEL: model_file("SELECT {{ a(1) }}"), other: model_file("SELECT {{ a(2) }}")})

    assert [(found.place.path, found.place.line, found.place.column) for found in compiled.diagnostics] == [
        (A, *expected)
    ]


@pytest.mark.parametrize("depth", range(8))
def test_a_macro_that_calls_itself_is_shown_at_that_call(depth, compile_files):
    """However deep the stack was before: the limit may be met where the macro begins, or in the middle."""
    macro = "{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}"
    files = {A: macro, MODEL: model_file("SELECT {{ again(1) }}")}

    def deeper(levels):
        return compile_files(files) if levels == 0 else deeper(levels - 1)

    (found,) = deeper(depth).diagnostics
    assert at(files, found.place) == (A, "{{ again(n + 1) }}")
