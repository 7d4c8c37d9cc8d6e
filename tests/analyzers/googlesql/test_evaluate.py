"""The reference engine: values there and back, BigQuery's errors, limits, and what it says it can't do."""

from __future__ import annotations

import datetime as dt
import math
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.googlesql.process import LostError, Process
from aggregator.analyzers.googlesql.reference import ReferenceEngine
from aggregator.analyzers.googlesql.tables import (
    Interval,
    Json,
    Parameter,
    Question,
    Range,
    Rows,
    Table,
    Unchecked,
)
from aggregator.analyzers.protocol import Field, Mistake, Relation

FLIGHTS = Table(
    Relation("lake.flights", (Field("carrier", "STRING"), Field("delay", "INT64")), (Field("_PARTITIONDATE", "DATE"),)),
    [("UA", 10, dt.date(2013, 1, 1)), ("UA", None, dt.date(2013, 1, 2)), ("AA", -3, dt.date(2013, 1, 2))],
)
SLOW = """
SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 15000)) AS a JOIN UNNEST(GENERATE_ARRAY(1, 15000)) AS b ON a < b
"""


@pytest.fixture
def engine(analyzer: GoogleSql) -> ReferenceEngine:
    return ReferenceEngine(analyzer)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


VALUES = [
    pytest.param("INT64", -(2**63), id="the smallest integer"),
    pytest.param("INT64", 2**63 - 1, id="the largest integer"),
    pytest.param("FLOAT64", 0.1, id="a float"),
    pytest.param("FLOAT64", math.inf, id="infinity"),
    pytest.param("BOOL", True, id="true"),
    pytest.param("BOOL", False, id="false is not NULL"),
    pytest.param("STRING", "Zürich 東京 'quoted'", id="text of any script"),
    pytest.param("STRING", "", id="the empty text is not NULL"),
    pytest.param("BYTES", b"\x00\xff", id="bytes that are no text"),
    pytest.param("NUMERIC", Decimal("-12345678901234567890123456789.123456789"), id="all digits of NUMERIC"),
    pytest.param("NUMERIC", Decimal(0), id="NUMERIC zero"),
    pytest.param("BIGNUMERIC", Decimal("1e-38"), id="the last digit of BIGNUMERIC"),
    pytest.param("DATE", dt.date(1, 1, 1), id="the first day"),
    pytest.param("DATE", dt.date(9999, 12, 31), id="the last day"),
    pytest.param("TIME", dt.time(23, 59, 59, 999999), id="the last microsecond of a day"),
    pytest.param("DATETIME", utc(2024, 2, 29, 1, 2, 3, 4).replace(tzinfo=None), id="a naive datetime is a DATETIME"),
    pytest.param("TIMESTAMP", utc(2024, 2, 29, 1, 2, 3, 4), id="an aware datetime is a TIMESTAMP"),
    pytest.param("TIMESTAMP", utc(1066, 10, 14, 9, 0, 0, 1), id="a TIMESTAMP long before 1970"),
    pytest.param("JSON", Json({"a": [1, 2.5, None, "ü"]}), id="JSON"),
    pytest.param("JSON", Json(None), id="JSON's null is not NULL"),
    pytest.param("RANGE<DATE>", Range(dt.date(2020, 1, 1), dt.date(2020, 2, 1)), id="a range"),
    pytest.param("RANGE<TIMESTAMP>", Range(None, utc(2020, 1, 1)), id="a range without a beginning"),
    pytest.param("INTERVAL", Interval(14, -3, 14706789123), id="an interval of mixed signs"),
    pytest.param("INTERVAL", Interval(-14, 3, -1), id="an interval of negative months"),
    pytest.param("ARRAY<STRING>", ["b", "a"], id="an array keeps its order"),
    pytest.param("ARRAY<STRING>", [], id="the empty array"),
    pytest.param("STRUCT<a INT64, b STRING>", {"a": 1, "b": None}, id="a struct with a NULL"),
    pytest.param(
        "ARRAY<STRUCT<at TIMESTAMP, tags ARRAY<STRING>>>",
        [{"at": utc(2020, 1, 1), "tags": ["x"]}, {"at": None, "tags": []}],
        id="arrays in structs in an array",
    ),
]


@pytest.mark.parametrize(("type_", "value"), VALUES)
def test_a_value_comes_back(engine: ReferenceEngine, type_: str, value: Any):
    table = Table(Relation("lake.t", (Field("v", type_),)), [[value]])

    answer = engine.evaluate("SELECT v, @v AS p FROM lake.t", [table], [Parameter("v", type_, value)])

    assert answer == Rows((Field("v", type_), Field("p", type_)), ((value, value),), is_ordered=False)


@pytest.mark.parametrize(
    "type_", sorted({str(case.values[0]) for case in VALUES if not str(case.values[0]).startswith("ARRAY")})
)
def test_null_comes_back(engine: ReferenceEngine, type_: str):
    table = Table(Relation("lake.t", (Field("v", type_),)), [[None]])

    answer = engine.evaluate("SELECT v, v IS NULL AS n FROM lake.t", [table])

    assert isinstance(answer, Rows)
    assert answer.values == ((None, True),)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("SELECT COUNT(*) FROM lake.flights", [(3,)], id="two pairs of backticks, or none"),
        pytest.param("SELECT COUNT(*) FROM `lake.flights`", [(3,)], id="one pair of backticks"),
        pytest.param("SELECT 'ü', COUNT(*) FROM `lake`.flights", [("ü", 3)], id="a name behind letters of two bytes"),
        pytest.param("SELECT SUM(delay) FROM lake.flights", [(7,)], id="aggregates leave NULL out"),
        pytest.param("SELECT MAX_BY(carrier, delay) FROM lake.flights", [("UA",)], id="MAX_BY"),
        pytest.param("SELECT MIN_BY(carrier, delay) || '!' FROM lake.flights", [("AA!",)], id="MIN_BY"),
        pytest.param(
            "SELECT delay FROM lake.flights WHERE _PARTITIONDATE = '2013-01-01'", [(10,)], id="a pseudo-column"
        ),
        pytest.param(
            "SELECT a.delay FROM lake.flights AS a JOIN lake.flights AS b USING (delay) WHERE a.delay > 0",
            [(10,)],
            id="a table that is read twice",
        ),
        pytest.param(
            "SELECT flights.delay FROM lake.flights ORDER BY delay DESC",
            [(10,), (-3,), (None,)],
            id="a table by its last name",
        ),
        pytest.param("SELECT MAX(flights.delay) FROM `lake.flights`", [(10,)], id="the same in one pair of backticks"),
        pytest.param(
            "WITH flights AS (SELECT 1 AS delay) SELECT delay FROM flights", [(1,)], id="WITH hides a table's last name"
        ),
        pytest.param("SELECT * EXCEPT (delay) FROM lake.flights LIMIT 0", [], id="no rows"),
        pytest.param("SELECT CAST(NULL AS ARRAY<INT64>)", [([],)], id="a NULL array is written as an empty one"),
        pytest.param("SELECT ROUND(2.5), CAST(2.5 AS INT64)", [(3.0, 3)], id="halves are rounded away from zero"),
        pytest.param("SELECT SAFE_DIVIDE(1, 0), IEEE_DIVIDE(1, 0)", [(None, math.inf)], id="division that is safe"),
    ],
)
def test_rows_are_those_of_bigquery(engine: ReferenceEngine, sql: str, expected: list[Any]):
    answer = engine.evaluate(sql, [FLIGHTS])

    assert isinstance(answer, Rows)
    assert list(answer.values) == expected


def test_only_a_query_with_an_order_is_ordered(engine: ReferenceEngine):
    loose = engine.evaluate("SELECT delay FROM lake.flights", [FLIGHTS])
    sorted_ = engine.evaluate("SELECT delay FROM lake.flights ORDER BY delay", [FLIGHTS])

    assert isinstance(loose, Rows)
    assert isinstance(sorted_, Rows)
    assert (loose.is_ordered, sorted_.is_ordered) == (False, True)


def test_rows_may_be_given_by_name_and_leave_columns_out(engine: ReferenceEngine):
    table = Table(FLIGHTS.relation, [{"delay": 4}])

    answer = engine.evaluate("SELECT * FROM lake.flights", [table])

    assert isinstance(answer, Rows)
    assert answer.values == ((None, 4),)


@pytest.mark.parametrize(
    ("routine", "sql", "expected"),
    [
        pytest.param("CREATE FUNCTION lake.f(x ANY TYPE) AS (x + 1)", "SELECT lake.f(1.5)", 2.5, id="for any type"),
        pytest.param("CREATE TEMP FUNCTION f(x INT64) AS (x + 1)", "SELECT f(1)", 2, id="a temporary one"),
        pytest.param(
            "CREATE TABLE FUNCTION lake.f(x INT64) AS SELECT x AS a, -x AS b",
            "SELECT b FROM lake.f(1)",
            -1,
            id="a table function of which one column is read",
        ),
    ],
)
def test_functions_of_the_project_are_computed(engine: ReferenceEngine, routine: str, sql: str, expected: Any):
    answer = engine.evaluate(sql, routines=[routine])

    assert isinstance(answer, Rows)
    assert answer.values == ((expected,),)


@pytest.mark.parametrize(
    ("sql", "message", "start"),
    [
        pytest.param("SELECT 10 / 0", "division by zero: 10 / 0", None, id="division by zero"),
        pytest.param(
            "SELECT 9223372036854775807 + delay FROM lake.flights",
            "int64 overflow: 9223372036854775807 + 10",
            None,
            id="overflow",
        ),
        pytest.param("SELECT CAST('a' AS INT64)", "Bad int64 value: a", None, id="a bad value"),
        pytest.param("SELECT ERROR('no such carrier')", "no such carrier", None, id="an error of the author's"),
        pytest.param("SELECT [1, 2][OFFSET(5)]", "Array index 5 is out of bounds", None, id="behind an array's end"),
        pytest.param(
            "SELECT [1, NULL] AS a",
            "Array cannot have a null element; error in writing field a",
            None,
            id="NULL in an array of the result",
        ),
        pytest.param("SELECT late FROM lake.flights", "Unrecognized name: late", 7, id="found before anything is run"),
    ],
)
def test_mistakes_have_the_words_of_bigquery(engine: ReferenceEngine, sql: str, message: str, start: int | None):
    assert engine.evaluate(sql, [FLIGHTS]) == Mistake(message, start)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        pytest.param("SELECT HLL_COUNT.INIT(delay) FROM lake.flights", "HLL_COUNT.INIT", id="sketches"),
        pytest.param("SELECT APPROX_QUANTILES(delay, 2) FROM lake.flights", "APPROX_QUANTILES", id="approximations"),
        pytest.param("SELECT APPROX_TOP_COUNT(delay, 2) FROM lake.flights WHERE FALSE", "APPROX_TOP_COUNT", id="unrun"),
        pytest.param("SELECT TO_BASE32(b'a')", "TO_BASE32", id="base 32"),
        pytest.param("SELECT FROM_BASE32('MFRGG===')", "FROM_BASE32", id="and back"),
        pytest.param("SELECT CONTAINS_SUBSTR(carrier, 'u') FROM lake.flights", "CONTAINS_SUBSTR", id="search in text"),
        pytest.param("SELECT SEARCH(carrier, 'u') FROM lake.flights", "SEARCH", id="search by words"),
        pytest.param("SELECT ST_GEOGPOINT(1, 2)", "ST_GEOGPOINT", id="geography"),
        pytest.param("SELECT AI.SCORE('how late?')", "SCORE", id="models"),
        pytest.param("SELECT SESSION_USER()", "SESSION_USER", id="users"),
        pytest.param("SELECT @@time_zone", "@@time_zone", id="system variables"),
        pytest.param("SELECT COLLATE('a', 'und:ci') = 'A'", "COLLATE", id="collation"),
        pytest.param("SELECT FORMAT_TIME('%k:%M', TIME '01:02:03')", "format element %k", id="hours without a zero"),
        pytest.param("SELECT PARSE_DATE('%F', '2013-01-01')", "format element %F", id="dates by their short name"),
        pytest.param("SELECT * FROM lake.flights TABLESAMPLE SYSTEM (9 PERCENT)", "TABLESAMPLE", id="samples"),
    ],
)
def test_what_the_engine_lacks_it_names(engine: ReferenceEngine, sql: str, what: str):
    assert engine.evaluate(sql, [FLIGHTS]) == Unchecked(f"the reference engine has no {what}")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("CREATE TABLE lake.t AS SELECT 1 AS a", id="no query"),
        pytest.param("SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 20000))", id="larger than the engine takes"),
        pytest.param("SELECT * FROM lake.flights FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01'", id="as it was before"),
        pytest.param(f"SELECT {' + '.join(['1'] * 5000)}", id="nested too deeply"),
    ],
)
def test_what_else_it_cannot_do_is_not_a_mistake(engine: ReferenceEngine, sql: str):
    assert isinstance(engine.evaluate(sql, [FLIGHTS]), Unchecked)
    assert isinstance(engine.evaluate("SELECT 1"), Rows)


def test_a_mistake_in_a_function_has_no_place_in_the_query(engine: ReferenceEngine):
    answer = engine.evaluate("SELECT lake.f()", routines=["CREATE FUNCTION lake.f() AS (late)"])

    assert answer == Mistake("Unrecognized name: late")


def test_javascript_is_not_run(engine: ReferenceEngine):
    routine = "CREATE TEMP FUNCTION twice(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS 'return 2 * x'"

    assert engine.evaluate("SELECT twice(2)", routines=[routine]) == Unchecked("the reference engine has no TWICE")


def test_geography_is_no_type_of_the_engine(engine: ReferenceEngine):
    table = Table(Relation("lake.t", (Field("g", "GEOGRAPHY"),)), [["POINT(1 2)"]])

    assert engine.evaluate("SELECT 1 FROM lake.t", [table]) == Unchecked("the reference engine has no GEOGRAPHY")


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        pytest.param("INT64", "1", "'1' is no INT64", id="text for a number"),
        pytest.param("INT64", True, "True is no INT64", id="a truth for a number"),
        pytest.param("INT64", 2**63, "9223372036854775808 is no INT64", id="too large"),
        pytest.param("FLOAT64", Decimal(1), "Decimal('1') is no FLOAT64", id="a decimal for a float"),
        pytest.param("NUMERIC", 0.1, "0.1 is no NUMERIC", id="a float for a decimal"),
        pytest.param("NUMERIC", Decimal("1e-10"), "Decimal('1E-10') is no NUMERIC", id="more digits than NUMERIC has"),
        pytest.param("NUMERIC", Decimal("1e29"), "Decimal('1E+29') is no NUMERIC", id="more than NUMERIC holds"),
        pytest.param("NUMERIC", Decimal("NaN"), "Decimal('NaN') is no NUMERIC", id="not a number"),
        pytest.param("STRING", b"a", "b'a' is no STRING", id="bytes for text"),
        pytest.param("DATE", utc(2020, 1, 1), f"{utc(2020, 1, 1)!r} is no DATE", id="a moment for a day"),
        pytest.param("DATETIME", utc(2020, 1, 1), f"{utc(2020, 1, 1)!r} is no DATETIME", id="aware for naive"),
        pytest.param("ARRAY<INT64>", "12", "'12' is no ARRAY<INT64>", id="text for an array"),
        pytest.param("ARRAY<INT64>", ["1"], "'1' is no INT64", id="an element"),
        pytest.param("STRUCT<a INT64>", {"b": 1}, "there is no column b", id="a field that is not there"),
        pytest.param("STRUCT<a INT64>", [1, 2], "there are 2 values for 1 columns", id="too many fields"),
        pytest.param("JSON", math.nan, "nan is no JSON", id="what JSON has not"),
    ],
)
def test_a_value_of_another_type_is_a_mistake(engine: ReferenceEngine, type_: str, value: Any, said: str):
    table = Table(Relation("lake.t", (Field("v", type_),)), [[None], [value]])

    assert engine.evaluate("SELECT v FROM lake.t", [table]) == Mistake(f"lake.t, row 2: {said}")
    assert engine.evaluate("SELECT @v", (), [Parameter("v", type_, value)]) == Mistake(
        f"a parameter can't be used: {said}"
    )


def test_a_query_that_takes_too_long_is_ended(analyzer: GoogleSql):
    hasty = ReferenceEngine(analyzer, seconds=1)

    assert hasty.evaluate(SLOW) == Unchecked("no answer within 1 s")
    assert isinstance(ReferenceEngine(analyzer).evaluate("SELECT 1"), Rows)


def test_a_question_that_needs_too_much_memory_ends_the_process_alone(engine: ReferenceEngine):
    table = Table(Relation("lake.t", (Field("v", "BYTES"),)), [[bytes(300 * 1024**2)]])

    assert isinstance(engine.evaluate("SELECT LENGTH(v) FROM lake.t", [table]), Unchecked)
    assert isinstance(engine.evaluate("SELECT 1"), Rows)


def test_a_process_that_is_killed_in_the_middle_is_lost(compiled: Path):
    process = Process(compiled)
    threading.Timer(1.0, process._process.kill).start()

    with pytest.raises(LostError, match="broke down"):
        process.ask("evaluate", Question(SLOW), 20)


def test_a_lost_process_is_not_asked_again(compiled: Path):
    analyzer = GoogleSql(compiled)
    engine = ReferenceEngine(analyzer)
    assert isinstance(engine.evaluate("SELECT 1"), Rows)
    process = analyzer._idle.get_nowait()
    process._process.kill()
    analyzer._idle.put(process)

    assert engine.evaluate("SELECT 1") == Unchecked("the analyzer broke down")
    assert isinstance(engine.evaluate("SELECT 1"), Rows)
    analyzer.close()
