"""Functions of the warehouse that ``aggregator.yml`` declares: their names, and where their texts stand."""

from __future__ import annotations

import pytest

from aggregator.load import load_project

PROJECT = """
project: test
environments:
  local: {engine: duckdb, path: x.duckdb}
default_environment: local
functions:
"""
NAMES = {
    "plain": ("CREATE FUNCTION tools.f(x INT64) AS (x)", "tools.f"),
    "in lower case, replaced": ("create or replace function tools.f() as (1)", "tools.f"),
    "unless it is there": ("CREATE FUNCTION IF NOT EXISTS tools.f() AS (1)", "tools.f"),
    "an aggregate": ("CREATE AGGREGATE FUNCTION tools.f(x INT64) AS (SUM(x))", "tools.f"),
    "a table function": ("CREATE OR REPLACE TABLE FUNCTION tools.f() AS SELECT 1 AS a", "tools.f"),
    "in backticks": ("CREATE FUNCTION `tools.f`() AS (1)", "tools.f"),
    "a keyword": ("CREATE FUNCTION tools.date(x INT64) AS (x)", "tools.date"),
    "after a comment, with a semicolon": ("/* ours */ CREATE FUNCTION tools . f() AS (1);", "tools.f"),
}


@pytest.mark.parametrize(("text", "expected"), NAMES.values(), ids=NAMES)
def test_the_name_of_a_function(text, expected, make_project):
    loaded = load_project(make_project({"aggregator.yml": f"{PROJECT}  - {text}\n"}))

    assert loaded.diagnostics == ()
    assert [(each.name, each.text) for each in loaded.project.functions] == [(expected, text)]


TEXTS = {
    "on one line": ("  - CREATE FUNCTION tools.f() AS (here)\n", "6:35"),
    "in quotes": ("  - 'CREATE FUNCTION tools.f() AS (here)'\n", "6:36"),
    "in several lines": ("  - |\n\n    CREATE FUNCTION tools.f() AS (\n      here)\n", "9:7"),
    "folded, where only the item is told": ("  - CREATE FUNCTION tools.f()\n    AS (here)\n", "6:5"),
}


@pytest.mark.parametrize(("item", "expected"), TEXTS.values(), ids=TEXTS)
def test_where_a_character_of_a_function_is_written(item, expected, make_project):
    project = load_project(make_project({"aggregator.yml": PROJECT + item})).project
    (function,) = project.functions
    place = function.place(function.text.index("here"))

    assert f"{place.line}:{place.column}" == expected
