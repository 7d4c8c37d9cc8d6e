"""What is known of a model goes through the functions that it calls: types, origins, the verdict."""

from __future__ import annotations

import pytest

from aggregator.cache import Cache
from aggregator.review import review

HEAD = "/*---\ndescription: x\nowner: x\n---*/\n"
FUNCTIONS = """
project: test
time_zone: UTC
environments: {local: {engine: duckdb, path: x.duckdb}}
default_environment: local
functions:
  - CREATE FUNCTION tools.twice(x ANY TYPE) AS (x + x)
  - CREATE FUNCTION tools.same(x ANY TYPE) AS (x)
  - CREATE FUNCTION tools.told(x FLOAT64) RETURNS NUMERIC AS (CAST(x AS NUMERIC))
  - CREATE FUNCTION tools.nested(a INT64, b STRING) AS (CONCAT(CAST(tools.twice(a) AS STRING), b))
  - CREATE FUNCTION tools.pair(x INT64, y STRING) AS (STRUCT(x AS n, y AS word))
  - CREATE FUNCTION tools.total(xs ARRAY<INT64>) AS ((SELECT SUM(x) FROM UNNEST(xs) AS x))
  - CREATE FUNCTION tools.newest() AS ((SELECT MAX(day) FROM lake.words))
  - CREATE FUNCTION tools.js(x FLOAT64) RETURNS ARRAY<STRING> LANGUAGE js AS 'return [Math.random() + ""]'
  - CREATE FUNCTION tools.age(day DATE) AS (DATE_DIFF(CURRENT_DATE(), day, DAY))
  - CREATE FUNCTION tools.wrong(x INT64) AS (y + 1)
  - CREATE FUNCTION tools.loop(x INT64) AS (tools.loop(x))
  - CREATE FUNCTION tools.sounds(x STRING) AS (SPLIT_SUBSTR(x, 'a', 1))
  - CREATE TABLE FUNCTION tools.of_day(wanted DATE) AS SELECT day, word, n * 2 AS twice FROM lake.words
  - CREATE TABLE FUNCTION tools.typed() RETURNS TABLE<day DATE, n FLOAT64> AS SELECT day, n FROM lake.words
"""
WORDS = """
source:
  description: x
  owner: x
  columns: {day: DATE, word: STRING, n: INT64, f: FLOAT64, xs: ARRAY<INT64>}
"""
COLUMNS = {
    "a type that follows from the argument": ("tools.twice(f)", "FLOAT64", ["f"], "transformation"),
    "of another argument": ("tools.twice(n)", "INT64", ["n"], "transformation"),
    "what is handed through is a copy": ("tools.same(word)", "STRING", ["word"], "copy"),
    "a type that is told": ("tools.told(n)", "NUMERIC", ["n"], "transformation"),
    "a function in a function": ("tools.nested(n, word)", "STRING", ["n", "word"], "transformation"),
    "a field of what it gives": ("tools.pair(n, word).word", "STRING", ["word"], "copy"),
    "a query over an argument": ("tools.total(xs)", "INT64", ["xs"], "aggregate"),
    "a query of a table": ("tools.newest()", "DATE", ["day"], "aggregate"),
    "JavaScript": ("tools.js(n)", "ARRAY<STRING>", ["n"], "transformation"),
    "around an aggregate": ("tools.twice(MAX(n))", "INT64", ["n"], "aggregate"),
    "in backticks": ("`tools.twice`(n)", "INT64", ["n"], "transformation"),
    "a body with a mistake": ("tools.wrong(n)", "", ["n"], "transformation"),
    "a circle": ("tools.loop(n)", "", ["n"], "transformation"),
    "too many arguments": ("tools.told(n, f)", "NUMERIC", ["f", "n"], "transformation"),
}
DIFFERENCES = {
    "a body that agrees": ("tools.nested(n, word)", []),
    "a body that was not shown to": (
        "tools.sounds(word)",
        ["SPLIT_SUBSTR: it has not been shown to agree with BigQuery (in tools.sounds)"],
    ),
    "JavaScript": ("tools.js(n)", ["tools.js: another engine of JavaScript runs it than on BigQuery"]),
    "another type": ("tools.told(word)", ["tools.told: its x is FLOAT64, and STRING is given"]),
    "a circle": ("tools.loop(n)", ["tools.loop: it calls itself"]),
    "a mistake": (
        "tools.wrong(n)",
        [
            "tools.wrong: no table here has a column y",
            "y + 1: it has not been shown to agree with BigQuery on ? and INT64 (in tools.wrong)",
        ],
    ),
}


def reviewed(make_project, sql: str):
    files = {"aggregator.yml": FUNCTIONS, "models/lake/words.yml": WORDS, "models/marts/m.sql": f"{HEAD}{sql}\n"}
    return review(make_project(files), None, Cache(None))


def model(make_project, sql: str):
    found = reviewed(make_project, sql)
    (only,) = found.graph.models.values()
    return only


@pytest.mark.parametrize(("expression", "type_", "columns", "derivation"), COLUMNS.values(), ids=COLUMNS)
def test_columns(expression, type_, columns, derivation, make_project):
    (column,) = model(make_project, f"SELECT {expression} AS v FROM lake.words").columns

    assert (column.type, column.derivation.name.lower()) == (type_, derivation)
    assert [(each.table, each.column) for each in column.origins] == [("lake.words", each) for each in columns]


def test_table_functions_have_columns(make_project):
    found = model(
        make_project,
        "SELECT o.day, word, twice, t.n FROM tools.of_day('2013-02-08') AS o JOIN tools.typed() AS t ON o.day = t.day",
    )

    assert {each.name: each.type for each in found.columns} == {
        "day": "DATE",
        "word": "STRING",
        "twice": "INT64",
        "n": "FLOAT64",
    }
    assert {each.name: [part.column for part in each.origins] for each in found.columns} == {
        "day": ["day"],
        "word": ["word"],
        "twice": ["n"],
        "n": ["n"],
    }
    assert [(str(each.table), each.function) for each in found.inputs] == [("lake.words", "tools.of_day")]


def test_a_column_that_a_table_function_lacks_is_found(make_project):
    found = reviewed(make_project, "SELECT words FROM tools.of_day('2013-02-08')").findings

    assert [each.message for each in found if each.code.name == "unknown-column"] == [
        "no table here has a column words"
    ]


@pytest.mark.parametrize(("expression", "expected"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_the_verdict_is_on_bodies_too(expression, expected, make_project):
    found = model(make_project, f"SELECT {expression} AS v FROM lake.words")

    assert [f"{each.construct}: {each.why}" for each in found.differences] == expected
    assert all((each.place.line, each.place.column) == (5, 14) for each in found.differences)


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        ("tools.age(day)", "L001", "CURRENT_DATE in tools.age makes every run give another answer"),
        ("tools.js(f)", "L010", "Math.random() in tools.js gives another answer each time"),
        ("tools.twice(f)", "", ""),
    ],
)
def test_what_does_not_last_is_found_in_bodies(expression, code, message, make_project):
    found = reviewed(make_project, f"SELECT {expression} AS v FROM lake.words").findings

    assert [(each.code.id, each.message) for each in found] == ([(code, message)] if code else [])
