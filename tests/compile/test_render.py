"""Templates: what they may say, what they may spend, and where in the file a mistake in their SQL is."""

from __future__ import annotations

import sys

import pytest
from small_lake import DAILY, LAKE, MODEL, model_file

HEAD = 6
"""Lines of front matter in front of the SQL of a model."""

RENDERED = {
    "a variable": ("{{ vars.minutes }}", "15"),
    "a variable called like a method": ("{{ vars['keys'] }} + {{ vars.keys }}", "7 + 7"),
    "a text": ("'{{ vars.text }}'", "'it is'"),
    "a list, joined": ("[{{ vars.bands | join(', ') }}]", "[30, 60]"),
    "arithmetic": ("{{ vars.minutes * 2 + 1 }}", "31"),
    "a power": ("{{ 2 ** 10 }}", "1024"),
    "a truth value": ("{{ vars.minutes > 3 }}", "True"),
    "a loop": ("{% for band in vars.bands %}{{ band }}{{ ' + ' if not loop.last }}{% endfor %}", "30 + 60"),
    "a macro": ("{{ twice('n') }}", "2 * n"),
    "a macro that calls one of another file": ("{{ four_times('n') }}", "2 * 2 * n"),
    "a comment": ("1{# {{ nothing.at.all }} #}", "1"),
    "raw text": ("{% raw %}'{{ }}'{% endraw %}", "'{{ }}'"),
}
FILES = {
    "aggregator.yml": LAKE["aggregator.yml"].replace(
        "{minutes: 15}", "{minutes: 15, keys: 7, text: it is, bands: [30, 60], nothing: null}"
    ),
    "macros/a.sql": "{% macro twice(x) %}2 * {{ x }}{% endmacro %}",
    "macros/b.sql": "{% macro four_times(x) %}{{ twice(twice(x)) }}{% endmacro %}",
}
REFUSED = {
    "nothing": ("{{ vars.nothing }}", "null can't be written into SQL"),
    "a list": ("{{ vars.bands }}", "a list can't be written into SQL"),
    "a mapping": ("{{ vars }}", "a mapping can't be written into SQL"),
    "a function": ("{{ twice }}", "a function can't be written into SQL"),
    "chance": ("{{ [1, 2] | random }}", "there is no filter random"),
    "filler text": ("{{ lipsum() }}", "there is no lipsum: a template sees `vars` and the macros in macros/"),
    "a huge power": ("{{ 2 ** 65 }}", "the power is too large"),
    "where a text comes from": ("{{ 'a'._parts }}", "a template can't use _parts"),
    "where a text comes from, by a filter": ("{{ ('a' | attr('_parts')) ~ 1 }}", "a template can't use _parts"),
    "where a text comes from, by a format": ("{{ '{0._parts}'.format('a') }}", "a template can't use _parts"),
    "a power of a huge number": ("{{ 99999999999999999999 ** 2 }}", "the power is too large"),
}


def column(template: str) -> dict[str, str]:
    sql = f"SELECT flight_date, {template} AS value FROM lake.flights"
    return {**FILES, "models/marts/model.sql": model_file(sql)}


@pytest.mark.parametrize(("template", "expected"), RENDERED.values(), ids=RENDERED)
def test_what_templates_become(template, expected, compile_files):
    compiled = compile_files(column(template))

    assert compiled.diagnostics == ()
    assert compiled.graph.models[MODEL].sql.startswith(f"SELECT flight_date, {expected} AS value FROM (SELECT")


@pytest.mark.parametrize(("template", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_templates_can_not_say(template, problem, compile_files):
    compiled = compile_files(column(template))

    assert [found.message for found in compiled.diagnostics] == [f"the template can't be rendered: {problem}"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the memory of a process can't be bounded from inside")
@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 2000000000 }}",
        "{{ 'a'.center(2000000000) }}",
        "{{ 'a' | center(2000000000) }}",
        "{{ '%2000000000d' % 1 }}",
        "{% set n = namespace(x='abcdefgh') %}{% for i in range(50) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
        "{{ (range(99999) | list * 9999) | length }}",
    ],
)
def test_memory_is_bounded(template, compile_files):
    compiled = compile_files(column(template))

    assert [found.message for found in compiled.diagnostics] == [
        "the template can't be rendered: it needs too much memory"
    ]


def test_a_text_that_no_warehouse_would_take(compile_files):
    compiled = compile_files(column("'{{ 'a' * 3000000 }}'"))

    assert [found.message for found in compiled.diagnostics] == [
        "the template can't be rendered: the text becomes 3.0 MB long; at most 1 MB can run"
    ]


def test_bounds_are_lifted_afterwards(compile_files):
    tracer = sys.gettrace()
    compile_files(column("{{ 'a' * 2000000000 }}"))

    assert sys.gettrace() is tracer
    assert len("a" * 300_000_000) == 300_000_000


def test_what_a_template_gives_is_the_same_every_time(compile_files):
    template = "{{ {'b': 1, 'a': 2, 'c': 3} | length }} + {% for x in ['z', 'a'] | unique %}1 + {% endfor %}0"

    assert len({compile_files(column(template)).graph.models[MODEL].sql for _ in range(3)}) == 1


def test_a_file_without_marks_is_not_a_template(compile_files):
    sql = "SELECT flight_date, '{ % { } #' AS text FROM lake.flights"
    compiled = compile_files({"models/marts/model.sql": model_file(sql)})

    assert not compiled.graph.models[MODEL].is_templated


# --- places ---

LOOP = """\
SELECT
  flight_date,
  {% for band in vars.bands %}
  COUNTIF(delay > {{ band }}) AS over_{{ band }},
  {% endfor %}
  {# what is not late #}
  COUNTIF(delay <= {{ vars.bands | first }}) AS rest,
  SUM(COLUMN) AS total
FROM lake.flights
WHERE carrier = '{{ vars.text }}'
GROUP BY flight_date"""


@pytest.mark.parametrize(
    "above",
    ["-- {{ vars.minutes }}\n", "{% set a = 1 %}\n{% set b = 2 %}\n\n", "/* {{ vars.text }}\n\n\n*/\n"],
    ids=["in a comment", "statements that leave no text", "a comment of several lines"],
)
def test_a_line_below_a_template(above, compile_files):
    files = {**FILES, "models/marts/model.sql": model_file(f"{above}SELECT flight_date, nope FROM lake.flights")}

    (found,) = compile_files(files).diagnostics

    expected = ("A210", HEAD + above.count("\n"), 21)
    assert (found.code.id, found.place.line, found.place.column) == expected


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column_"),
    [
        ("COLUMN", "nope", "A210", 8, 7),
        ("lake.flights", "lake.flihgts", "A204", 9, 6),
        ("GROUP BY flight_date", "GROUP BY flight_dat", "A210", 11, 10),
        ("SUM(COLUMN)", "SUM(n", "A202", 8, 9),
        ("SUM(COLUMN) AS total", "COUNT(*)", "A211", 8, 3),
        ("COUNTIF(delay <= {{ vars.bands | first }})", "COUNTIF(nope <= {{ vars.bands | first }})", "A210", 7, 11),
    ],
    ids=["a column", "a table", "the last line", "the syntax", "a name", "beside a mark"],
)
def test_places_below_a_loop(old, new, code, line, column_, compile_files):
    sql = LOOP.replace(old, new).replace("COLUMN", "n")

    found = compile_files({**FILES, "models/marts/model.sql": model_file(sql, DAILY)}).diagnostics[0]

    assert (found.code.id, found.place.line - HEAD + 1, found.place.column) == (code, line, column_)


def test_the_loop_itself_is_sound(compile_files):
    sql = LOOP.replace("COLUMN", "n")

    assert compile_files({**FILES, "models/marts/model.sql": model_file(sql)}).diagnostics == ()
