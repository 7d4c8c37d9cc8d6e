"""SELECTs and templates that are made to take for ever end in a finding, or none, at once."""

from __future__ import annotations

import pytest
from linted import diagnostics, linted

DEPTH = 40
"""Doubled so often, nothing would come to an end."""


def chain(first: str, step: str, last: str) -> str:
    """Queries in WITH, each of which reads the one before twice; ``{0}`` is the one before."""
    steps = [f"c0 AS ({first})", *(f"c{n} AS ({step.format(f'c{n - 1}')})" for n in range(1, DEPTH))]
    return f"WITH {', '.join(steps)} {last.format(f'c{DEPTH - 1}')}"


FLIGHTS = "SELECT flight_date, distance AS x FROM staging.flights"
BOTH = "SELECT flight_date, x FROM {0} UNION ALL SELECT flight_date, x FROM {0}"
JOINED = "SELECT a.flight_date, a.x * b.x AS x FROM {0} AS a JOIN {0} AS b ON a.x = b.x"
CHAINS = {
    "a UNION": chain(FLIGHTS, BOTH, "SELECT flight_date, AVG(1 / x) AS y FROM {0} GROUP BY flight_date"),
    "a join": chain(FLIGHTS, JOINED, "SELECT flight_date, 1 / x AS y FROM {0}"),
    "an order": chain(FLIGHTS, JOINED, "SELECT flight_date, ROW_NUMBER() OVER (ORDER BY x) AS y FROM {0}"),
    "stars": chain("SELECT 1 AS x", "SELECT a.* FROM {0} AS a JOIN {0} AS b USING (x)", "SELECT * FROM {0}"),
}


@pytest.mark.parametrize("sql", CHAINS.values(), ids=CHAINS)
def test_what_is_read_twice_is_looked_at_once(sql):
    assert not [each for each in linted(sql) if " A" in each]


DEEP = {
    "queries": f"SELECT a FROM {'(SELECT a FROM ' * 3_000}(SELECT 1 AS a){')' * 3_000}",
    "brackets": f"SELECT {'(' * 9_000}1{')' * 9_000} AS a",
    "steps of a pipe": f"FROM (SELECT 1 AS a){' |> EXTEND a + 1 AS b |> DROP b' * 3_000}",
    "sides of a UNION": " UNION ALL ".join(["SELECT 1 AS a"] * 5_000),
    "conditions": f"SELECT 1 AS a FROM (SELECT 1 AS x) WHERE {' OR '.join(['x = 1'] * 20_000)}",
}


@pytest.mark.parametrize("sql", DEEP.values(), ids=DEEP)
def test_what_is_nested_too_deeply_is_said(sql):
    (found,) = diagnostics(sql)

    assert (found.code.id, found.place.path) == ("A202", "models/marts/example.sql")
    assert "nested too deeply" in found.message


TEMPLATES = {
    "squares of squares": (
        (
            "{% set ns = namespace(x=10) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}"
            "SELECT {{ ns.x }} AS a"
        ),
        "the product is too large",
    ),
    "lists added up": ("SELECT {{ ([[1] * 1000] * 30000) | sum(start=[]) | length }} AS a", "sum adds numbers"),
    "brackets": (f"SELECT {{{{ {'(' * 3_000}1{')' * 3_000} }}}} AS a", "it is nested too deeply"),
    "tags": ("{% if true %}" * 3_000, "it is nested too deeply"),
    "loops": ("{% for i in [1] %}" * 60 + "{% endfor %}" * 60, "loops are nested too deeply"),
    "openings": ("SELECT " + "{{" * 50_000, "it is nested too deeply"),
}


@pytest.mark.parametrize(("sql", "message"), TEMPLATES.values(), ids=TEMPLATES)
def test_templates_that_are_too_much(sql, message):
    (found,) = diagnostics(sql)

    assert found.place.path == "models/marts/example.sql"
    assert message in found.message
