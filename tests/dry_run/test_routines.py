"""Declared functions in a dry run: who is judged with which, and what is read through them."""

from __future__ import annotations

import pytest
from estimated import estimated, graph, stored
from lab import model, name, project_file, source

from aggregator.analyzers.protocol import Field, Relation
from aggregator.dry_run.statements import statement_of

FUNCTIONS = """functions:
  - CREATE FUNCTION tools.a() AS (tools.b())
  - CREATE FUNCTION tools.b() AS ((SELECT MAX(n) FROM lake.facts))
  - CREATE FUNCTION tools.c() AS (1)
"""
A, B, C = (line.removeprefix("  - ") for line in FUNCTIONS.splitlines()[1:])
FILES = {
    "aggregator.yml": project_file() + FUNCTIONS,
    "models/lake/facts.yml": source({"n": "INT64", "k": "INT64"}),
    "models/lake/others.yml": source({"k": "INT64"}),
}
TABLES = {
    name("lake.facts"): Relation("lake.facts", (Field("n", "INT64"),)),
    name("lake.others"): Relation("lake.others", (Field("k", "INT64"),)),
}


@pytest.mark.parametrize(
    ("sql", "routines", "tables"),
    [
        pytest.param("SELECT k FROM lake.others", (), ["lake.others"], id="who calls none shares a catalog"),
        pytest.param("SELECT tools.c() AS c", (C,), [], id="one"),
        pytest.param(
            "SELECT k, tools.a() AS a FROM lake.others",
            (B, A),
            ["lake.others", "lake.facts"],
            id="one that calls another, which comes first, and its table",
        ),
    ],
)
def test_a_statement_has_the_functions_that_it_needs(sql, routines, tables):
    compiled = graph({**FILES, "models/marts/out.sql": model(sql)})
    statement = statement_of(compiled.models[name("marts.out")], TABLES, {}, {}, compiled.project)

    assert statement.routines == routines
    assert [each.name for each in statement.tables] == tables


@pytest.mark.parametrize(
    ("reads", "expected", "at_most"),
    [
        pytest.param({"lake.others": ("k",)}, 1_600, True, id="not told, so that it may be all of the table"),
        pytest.param({"lake.others": ("k",), "lake.facts": ("n",)}, 1_600, False, id="told"),
    ],
)
def test_what_a_function_reads_is_paid_for(reads, expected, at_most):
    compiled = graph({**FILES, "models/marts/out.sql": model("SELECT k, tools.b() AS b FROM lake.others")})
    tables = (
        stored("lake.facts", {"n": ("INT64", 800), "k": ("INT64", 0)}, (100, 800)),
        stored("lake.others", {"k": ("INT64", 800)}, (100, 800)),
    )
    found = estimated(compiled, reads=reads, tables=tables)

    assert (found.bytes, found.at_most) == (expected, at_most)
