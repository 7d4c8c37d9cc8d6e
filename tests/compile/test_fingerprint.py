"""What makes a model's logic another one, and what does not: a change rebuilds every partition."""

from __future__ import annotations

import pytest
from small_lake import DAILY, LAKE, MODEL, model_file, source

SQL = """\
SELECT flight_date, carrier, COUNT(*) AS flights, {{ late('delay') }} AS late
FROM lake.flights
WHERE carrier != 'ZZ'
GROUP BY flight_date, carrier"""
MACRO = "{% macro late(delay) %}COUNTIF({{ delay }} > {{ vars.minutes }}){% endmacro %}"
FILES = {
    "models/marts/model.sql": model_file(SQL),
    "macros/late.sql": MACRO,
}
OVER_A_VIEW = {
    "models/marts/model.sql": model_file(
        "SELECT flight_date, carrier FROM marts.some", more="inputs: {marts.some: all}"
    ),
    "models/marts/some.sql": model_file("SELECT flight_date, carrier FROM lake.flights", "", "kind: view"),
}


def sql(old: str, new: str) -> dict[str, str]:
    assert old in SQL
    return {"models/marts/model.sql": model_file(SQL.replace(old, new))}


NO_CHANGE = {
    "a comment": sql("FROM", "-- where from\nFROM"),
    "a comment in the middle of a line": sql("COUNT(*)", "/* all */ COUNT(*)"),
    "another layout": sql(", carrier,", "\n  , carrier\n  ,"),
    "keywords in lower case": sql("SELECT", "select"),
    "functions in lower case": sql("COUNT(*)", "count(*)"),
    "an optional keyword": sql("COUNT(*) AS flights", "COUNT(*) flights"),
    "a trailing semicolon": sql("GROUP BY flight_date, carrier", "GROUP BY flight_date, carrier ; -- done"),
    "a trailing comma": sql("AS late\n", "AS late,\n"),
    "backticks": sql("lake.flights", "`lake.flights`"),
    "another spelling of unequal": sql("!=", "<>"),
    "line ends of Windows": {"models/marts/model.sql": model_file(SQL).replace("\n", "\r\n")},
    "a description": {"models/marts/model.sql": model_file(SQL).replace("A model.", "Another description.")},
    "an owner": {"models/marts/model.sql": model_file(SQL).replace("ops@", "others@")},
    "a description of a column": {"models/marts/model.sql": model_file(SQL, more="columns: {flights: Number}")},
    "a key and checks": {
        "models/marts/model.sql": model_file(SQL, more="key: [flight_date, carrier]\nchecks: [{not_null: carrier}]")
    },
    "clustering": {"models/marts/model.sql": model_file(SQL, more="cluster: [carrier]")},
    "a schedule, tags, freshness and a budget": {
        "models/marts/model.sql": model_file(
            SQL, more="schedule: daily\ntags: [a]\nfreshness: {warn_after: 26h}\nbudget: {bytes: 5 GB}"
        )
    },
    "the beginning of the table": {"models/marts/model.sql": model_file(SQL, DAILY.replace("2013", "2012"))},
    "the default map, said": {"models/marts/model.sql": model_file(SQL, more="inputs: {lake.flights: same}")},
    "the default zone, said": {
        "models/marts/model.sql": model_file(SQL, DAILY.replace("}", ", zone: America/New_York}"))
    },
    "a comment in a macro": {"macros/late.sql": "{# how late is late #}" + MACRO},
    "another macro": {"macros/early.sql": MACRO.replace("late", "early")},
    "another variable": {"aggregator.yml": LAKE["aggregator.yml"].replace("{minutes: 15}", "{minutes: 15, hours: 3}")},
    "the macro written out": sql("{{ late('delay') }}", "COUNTIF(delay > 15)"),
    "a column that the input gained": {
        "models/lake/flights.yml": LAKE["models/lake/flights.yml"].replace("n: INT64", "n: INT64\n    more: STRING")
    },
    "a new model beside it": {"models/marts/other.sql": model_file("SELECT flight_date FROM marts.model")},
}
CHANGE = {
    "a literal": sql("'ZZ'", "'AA'"),
    "the case of a literal": sql("'ZZ'", "'zz'"),
    "a column": sql("COUNT(*)", "COUNT(carrier)"),
    "the name of an output column": sql("AS flights", "AS all_flights"),
    "the order of the columns": sql(
        "flight_date, carrier, COUNT(*) AS flights", "carrier, flight_date, COUNT(*) AS flights"
    ),
    "a condition less": sql("WHERE carrier != 'ZZ'\n", ""),
    "another function": sql("COUNT(*)", "SUM(n)"),
    "an alias of a table": sql("lake.flights", "lake.flights AS f"),
    "the body of a macro": {"macros/late.sql": MACRO.replace(">", ">=")},
    "the value of a variable": {"aggregator.yml": LAKE["aggregator.yml"].replace("minutes: 15", "minutes: 20")},
    "a map": {"models/marts/model.sql": model_file(SQL, more="inputs: {lake.flights: {last: 2 days}}")},
    "the grain": {"models/marts/model.sql": model_file(SQL, DAILY.replace("day", "month"))},
    "the zone": {"models/marts/model.sql": model_file(SQL, DAILY.replace("}", ", zone: Europe/Paris}"))},
    "the zone of the project": {"aggregator.yml": LAKE["aggregator.yml"].replace("America/New_York", "Europe/Paris")},
    "no partitions": {"models/marts/model.sql": model_file(SQL, "")},
}
VIEW_CHANGE = {
    "the SQL of a view": model_file(
        "SELECT flight_date, UPPER(carrier) AS carrier FROM lake.flights", "", "kind: view"
    ),
    "a view that becomes a table": model_file("SELECT flight_date, carrier FROM lake.flights", ""),
}


@pytest.fixture
def fingerprint(compile_files):
    def run(files):
        compiled = compile_files(files)
        assert [found.message for found in compiled.diagnostics if found.is_error] == []
        return compiled.graph.models[MODEL].fingerprint

    return run


@pytest.mark.parametrize("change", NO_CHANGE.values(), ids=NO_CHANGE)
def test_what_is_the_same_logic(change, fingerprint):
    assert fingerprint({**FILES, **change}) == fingerprint(FILES)


@pytest.mark.parametrize("change", CHANGE.values(), ids=CHANGE)
def test_what_is_another_logic(change, fingerprint):
    assert fingerprint({**FILES, **change}) != fingerprint(FILES)


@pytest.mark.parametrize("view", VIEW_CHANGE.values(), ids=VIEW_CHANGE)
def test_the_logic_of_a_view_is_part_of_its_readers(view, fingerprint):
    assert fingerprint({**OVER_A_VIEW, "models/marts/some.sql": view}) != fingerprint(OVER_A_VIEW)


def test_the_logic_of_a_view_below_a_view_too(fingerprint):
    files = {
        **OVER_A_VIEW,
        "models/marts/some.sql": model_file("SELECT flight_date, carrier FROM marts.below", "", "kind: view"),
        "models/marts/below.sql": model_file("SELECT flight_date, carrier FROM lake.flights", "", "kind: view"),
    }
    changed = {"models/marts/below.sql": files["models/marts/below.sql"].replace("lake.flights", "lake.flights AS f")}

    assert fingerprint({**files, **changed}) != fingerprint(files)


def test_a_description_of_a_view_is_not_its_logic(fingerprint):
    described = {"models/marts/some.sql": OVER_A_VIEW["models/marts/some.sql"].replace("A model.", "A view.")}

    assert fingerprint({**OVER_A_VIEW, **described}) == fingerprint(OVER_A_VIEW)


def test_the_logic_of_a_table_upstream_is_its_own(fingerprint):
    files = {
        "models/marts/model.sql": model_file("SELECT flight_date, n FROM marts.below"),
        "models/marts/below.sql": model_file("SELECT flight_date, n FROM lake.flights"),
    }
    changed = {"models/marts/below.sql": model_file("SELECT flight_date, n + 1 AS n FROM lake.flights")}

    assert fingerprint({**files, **changed}) == fingerprint(files)


FUNCTIONS = """functions:
  - CREATE FUNCTION tools.late(minutes FLOAT64) AS (tools.more(minutes) > 15)
  - CREATE FUNCTION tools.more(minutes FLOAT64) AS (minutes + 1)
  - CREATE FUNCTION tools.other() AS (1)
"""


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        pytest.param("> 15", ">= 15", False, id="a function that is called"),
        pytest.param("+ 1", "+ 2", False, id="one that is called by that"),
        pytest.param("AS (1)", "AS (2)", True, id="one that is not called"),
        pytest.param("(minutes + 1)", "(minutes/**/+1)", True, id="another layout"),
    ],
)
def test_the_logic_of_a_function_is_part_of_its_callers(old, new, is_same, fingerprint):
    called = model_file("SELECT flight_date, COUNTIF(tools.late(delay)) AS late FROM lake.flights GROUP BY flight_date")
    before = {"aggregator.yml": LAKE["aggregator.yml"] + FUNCTIONS, "models/marts/model.sql": called}
    after = {**before, "aggregator.yml": before["aggregator.yml"].replace(old, new)}

    assert (fingerprint(before) == fingerprint(after)) == is_same


def test_maps_of_aliases_belong_to_them(fingerprint):
    sql = """SELECT a.flight_date, SUM(b.n) AS n FROM lake.flights AS a
             JOIN lake.flights AS b ON b.carrier = a.carrier GROUP BY 1"""
    first, second = (
        {"models/marts/model.sql": model_file(sql, more=f"inputs: {{{alias}: {{offset: 1 day}}}}")} for alias in "ab"
    )

    assert fingerprint(first) != fingerprint(second)


def test_it_does_not_depend_on_where_the_project_lies(compile_files):
    assert {compile_files(FILES).graph.models[MODEL].fingerprint for _ in range(3)} == {
        compile_files({**FILES, "models/lake/z.yml": source("a: STRING")}).graph.models[MODEL].fingerprint
    }
