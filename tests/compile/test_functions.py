"""Functions of the warehouse that a project declares: who calls which, and what they read."""

from __future__ import annotations

import pytest
from small_lake import DAILY, LAKE, MODEL, model_file
from sqlglot import tokenize

from aggregator.compile.functions import Functions, dotted
from aggregator.core.diagnostics import Place, Word
from aggregator.core.names import TableName
from aggregator.core.project import Function

PLACE = Place("aggregator.yml")
TABLES = (TableName("lake", "flights"), TableName("lake", "weather"))
TEXTS = {
    "tools.a": "CREATE FUNCTION tools.a(x INT64) AS (tools.b(x) + tools.c(x))",
    "tools.b": "CREATE FUNCTION tools.b(x INT64) AS (tools.c(x))",
    "tools.c": "CREATE FUNCTION tools.c(x INT64) AS ((SELECT MAX(n) FROM `lake.flights`))",
    "tools.js": "CREATE FUNCTION tools.js() RETURNS STRING LANGUAGE js AS 'return tools.c(1) FROM lake.flights'",
    "tools.loop": "CREATE FUNCTION tools.loop() AS (tools.back())",
    "tools.back": "CREATE FUNCTION tools.back() AS (tools.loop())",
    "tools.days": "CREATE TABLE FUNCTION tools.days() AS SELECT d FROM lake.flights, lake.days",
    "tools.field": "CREATE FUNCTION tools.field(lake STRUCT<flights INT64>) AS (lake.flights)",
}
FUNCTIONS = Functions((Function(name, Word(text, PLACE)) for name, text in TEXTS.items()), TABLES)
CALLS = {
    "one that calls others, after these": ("SELECT tools.a(1)", ["tools.c", "tools.b", "tools.a"]),
    "in backticks": ("SELECT `tools.b`(1), `tools`.`js`()", ["tools.c", "tools.b", "tools.js"]),
    "after SAFE": ("SELECT SAFE.tools.js()", ["tools.js"]),
    "in FROM": ("SELECT d FROM tools.days() AS t", ["tools.days"]),
    "those that call each other": ("SELECT tools.loop()", ["tools.back", "tools.loop"]),
    "a column of that name": ("SELECT tools.js FROM tools", []),
    "in a text": ("SELECT 'tools.js()' AS a, \"tools.js\"", []),
    "of a project": ("SELECT acme.tools.js()", []),
    "of another case": ("SELECT tools.JS()", []),
}


@pytest.mark.parametrize(("sql", "expected"), CALLS.values(), ids=CALLS)
def test_what_is_called(sql, expected):
    assert [call.name for call in FUNCTIONS.called(tokenize(sql, read="bigquery"))] == expected


@pytest.mark.parametrize(
    ("name", "reads", "more"),
    [
        pytest.param("tools.c", ["lake.flights"], False, id="a table in backticks"),
        pytest.param("tools.days", ["lake.flights"], True, id="and one that is not there"),
        pytest.param("tools.js", [], False, id="JavaScript"),
        pytest.param("tools.field", [], False, id="a field that is called like a table"),
    ],
)
def test_what_is_read(name, reads, more):
    call = FUNCTIONS.of(name)[-1]

    assert ([str(table) for table in call.reads], call.may_read_more) == (reads, more)


def test_dotted_names_have_places():
    text = "a `b.c`.d  e.f(g) h . i 'j.k' 1.5"

    assert [text[each.start : each.end] for each in dotted(tokenize(text, read="bigquery"))] == [
        "`b.c`.d",
        "e.f",
        "h . i",
    ]


READS = "functions: ['CREATE FUNCTION tools.last() AS ((SELECT MAX(w.observed) FROM lake.weather AS w))']\n"


def compiled_with(compile_files, sql, more="", functions=READS):
    files = {
        "aggregator.yml": LAKE["aggregator.yml"] + functions,
        "models/marts/model.sql": model_file(sql, DAILY, more),
    }
    return compile_files(files)


def test_what_a_function_reads_is_an_input_of_its_caller(compile_files):
    sql = """SELECT f.flight_date, tools.last() AS last
             FROM lake.flights AS f JOIN lake.weather AS w ON w.carrier = f.carrier"""
    found = compiled_with(compile_files, sql)
    model = found.graph.models[MODEL]

    assert found.diagnostics == ()
    assert [(str(each.table), each.alias, str(each.map), each.function) for each in model.inputs] == [
        ("lake.flights", "f", "same", ""),
        ("lake.weather", "w", "same", ""),
        ("lake.weather", "", "all", "tools.last"),
    ]
    assert model.functions == ("tools.last",)
    assert model.sql.count("WHERE") == 2


def test_a_table_function_that_is_declared_may_be_read(compile_files):
    functions = "functions: ['CREATE TABLE FUNCTION tools.days() AS SELECT f.flight_date FROM lake.flights AS f']\n"
    declared = "columns: {flight_date: {type: DATE}}"
    found = compiled_with(compile_files, "SELECT d.flight_date FROM tools.days() AS d", declared, functions)

    assert found.diagnostics == ()
    assert [str(each.table) for each in found.graph.models[MODEL].inputs] == ["lake.flights"]
