"""BigQuery's SQL gives BigQuery's answers on DuckDB: the cases of each correction, and what must stay as it is."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot
from aggregate_cases import ANSWERS_AS_THEY_ARE, ARRAYS, BITS, FAILS, FIELDS, PICKED, PRECEDENCE, SKETCHES
from lab import Lab, graph_of, model
from list_cases import MADE, SCALARS
from ready_duckdb import prepared
from side_by_side import random_rows
from side_by_side.agreed_cases import GROUPS
from side_by_side.compare import query_of
from sqlglot import exp

from aggregator.core.names import TableName
from aggregator.engines.duckdb.connection import with_python
from aggregator.engines.duckdb.dialect import (
    TYPES,
    expression_to_duckdb,
    to_duckdb,
    translate,
    type_to_duckdb,
)
from aggregator.engines.duckdb.dialect.rewrites import MACROS, REWRITES
from aggregator.engines.duckdb.dialect.source import Source
from aggregator.engines.duckdb.staging import stored_value
from aggregator.engines.protocol import QueryError


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_PAIRS = (
    "FROM (SELECT 1 AS a, 2 AS b UNION ALL SELECT 1, 2 UNION ALL SELECT 2, 1"
    " UNION ALL SELECT 1, NULL UNION ALL SELECT NULL, NULL)"
)
CASES: dict[type[exp.Expr], dict[str, tuple[str, Any]]] = {
    exp.CountIf: {
        "the rows that meet a condition": ("COUNTIF(x > 1) FROM UNNEST([1, 2, 3]) AS x", 2),
        "no rows": ("COUNTIF(x > 1) FROM UNNEST(CAST([] AS ARRAY<INT64>)) AS x", 0),
        "only NULLs": ("COUNTIF(x > 1) FROM (SELECT CAST(NULL AS INT64) AS x)", 0),
        "over a window": ("COUNTIF(x > 1) OVER (ORDER BY x) FROM UNNEST([1, 2, 3]) AS x", [(0,), (1,), (2,)]),
    },
    exp.ApproxQuantiles: {
        "as many and one more": ("APPROX_QUANTILES(x, 2) FROM UNNEST([5, 1, NULL, 4, 2, 3]) AS x", [1, 3, 5]),
        "only what is there": ("APPROX_QUANTILES(x, 2) FROM UNNEST([1, 100, 2, 200]) AS x", [1, 2, 200]),
        "each once": ("APPROX_QUANTILES(DISTINCT x, 2) FROM UNNEST([1, 1, 1, 2, 3]) AS x", [1, 2, 3]),
        "one of many": ("APPROX_QUANTILES(x, 100)[OFFSET(90)] FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS x", 900),
    },
    exp.ApproxTopK: {
        "the most frequent values": (
            "APPROX_TOP_COUNT(x, 2) FROM UNNEST(['apple', 'apple', 'pear', 'pear', 'pear', 'banana']) AS x",
            [{"value": "pear", "count": 3}, {"value": "apple", "count": 2}],
        ),
        "NULL is a value": (
            "APPROX_TOP_COUNT(x, 2) FROM UNNEST([NULL, 'pear', 'pear', 'pear', 'apple', NULL]) AS x",
            [{"value": "pear", "count": 3}, {"value": None, "count": 2}],
        ),
        "one of them, of a group": (
            "MOD(x, 2) AS k, APPROX_TOP_COUNT(x, 1)[OFFSET(0)].count FROM UNNEST([2, 3, 3]) AS x GROUP BY k ORDER BY k",
            [(0, 1), (1, 2)],
        ),
        "fewer than asked for": ("ARRAY_LENGTH(APPROX_TOP_COUNT(x, 5)) FROM UNNEST([1, 2]) AS x", 2),
    },
    exp.Anonymous: {
        "IEEE_DIVIDE by zero": ("IEEE_DIVIDE(1, 0)", math.inf),
        "a bucket": ("DATE_BUCKET(DATE '2013-02-08', INTERVAL 7 DAY)", date(2013, 2, 3)),
    },
    exp.ToBase32: {"bytes": ("TO_BASE32(b'abcde')", "MFRGGZDF")},
    exp.FromBase32: {"padded": ("FROM_BASE32('MFRGGZDFMY======')", b"abcdef")},
    exp.IntDiv: {"arguments of DIV are computed first": ("12 * DIV(7 - 1, 5 - 1)", 12)},
    exp.Div: {
        "integers give a fraction": ("7 / 2", 3.5),
        "from left to right": ("10 / 2 / 5", 1.0),
        "by zero": ("1 / 0", FAILS),
        "zero by zero": ("0 / 0", FAILS),
        "floats by zero": ("1.5 / 0.0", FAILS),
        "by zero, not asked for": ("IF(1 = 2, 1 / 0, 5)", 5),
        "by NULL": ("1 / NULL", None),
        "NULL by zero": ("NULL / 0", None),
        "a sum of nothing by a count of nothing": ("SUM(x) / COUNT(x) FROM (SELECT CAST(NULL AS INT64) AS x)", None),
    },
    exp.DateAdd: {
        "a day": ("DATE_ADD(DATE '2013-12-31', INTERVAL 1 DAY)", date(2014, 1, 1)),
        "a month, to a shorter one": ("DATE_ADD(DATE '2013-01-31', INTERVAL 1 MONTH)", date(2013, 2, 28)),
        "a week": ("DATE_ADD(DATE '2012-02-27', INTERVAL 1 WEEK)", date(2012, 3, 5)),
        "a quarter": ("DATE_ADD(DATE '2013-01-31', INTERVAL 1 QUARTER)", date(2013, 4, 30)),
        "a year, from a leap day": ("DATE_ADD(DATE '2012-02-29', INTERVAL 1 YEAR)", date(2013, 2, 28)),
    },
    exp.DateSub: {
        "a day": ("DATE_SUB(DATE '2013-01-01', INTERVAL 1 DAY)", date(2012, 12, 31)),
        "a month, to a shorter one": ("DATE_SUB(DATE '2013-03-31', INTERVAL 1 MONTH)", date(2013, 2, 28)),
    },
    exp.DateTrunc: {
        "to the month": ("DATE_TRUNC(DATE '2013-03-31', MONTH)", date(2013, 3, 1)),
        "to the quarter": ("DATE_TRUNC(DATE '2013-03-31', QUARTER)", date(2013, 1, 1)),
        "to the year": ("DATE_TRUNC(DATE '2013-03-31', YEAR)", date(2013, 1, 1)),
        "a week begins on Sunday": ("DATE_TRUNC(DATE '2013-03-30', WEEK)", date(2013, 3, 24)),
        "a Sunday begins a week": ("DATE_TRUNC(DATE '2013-03-31', WEEK)", date(2013, 3, 31)),
        "unless it is said to begin on Monday": ("DATE_TRUNC(DATE '2013-03-31', WEEK(MONDAY))", date(2013, 3, 25)),
        "an ISO week begins on Monday": ("DATE_TRUNC(DATE '2013-03-31', ISOWEEK)", date(2013, 3, 25)),
        "or on Tuesday": ("DATE_TRUNC(DATE '2013-01-01', WEEK(TUESDAY))", date(2013, 1, 1)),
        "an ISO year begins with its first week": ("DATE_TRUNC(DATE '2013-01-01', ISOYEAR)", date(2012, 12, 31)),
        "a point in time, on the clock of a zone": (
            "DATE_TRUNC(TIMESTAMP '2013-06-10 03:30:00', ISOWEEK, 'America/New_York')",
            utc("2013-06-03T04:00"),
        ),
        "an hour of it, at half past": (
            "DATE_TRUNC(TIMESTAMP '2013-06-12 03:10:00', HOUR, 'Asia/Kolkata')",
            utc("2013-06-12T02:30"),
        ),
    },
    exp.DataType: {
        "NUMERIC has nine digits": ("CAST('0.123456789' AS NUMERIC)", Decimal("0.123456789")),
        "the tenth is rounded": ("CAST('0.1234567895' AS NUMERIC)", Decimal("0.123456790")),
        "BIGNUMERIC has more": ("CAST('0.000000000000000001' AS BIGNUMERIC)", Decimal("1E-18")),
        "NUMERIC(10, 2) has two": ("CAST('1.235' AS NUMERIC(10, 2))", Decimal("1.24")),
    },
    exp.Literal: {
        "decimals are binary fractions": ("0.1 + 0.2", 0.1 + 0.2),
        "whole numbers with a point are floats": ("1.0 * 3", 3.0),
        "those that become NUMERIC at once are exact": ("CAST(0.1 AS NUMERIC)", Decimal("0.1")),
        "a text with a point is a text": ("'0.1'", "0.1"),
        "as text, no digits are made up": ("CAST(2.50 AS STRING)", "2.5"),
    },
    exp.TimestampDiff: {
        "an hour is not over": (
            "TIMESTAMP_DIFF(TIMESTAMP '2013-01-01 11:29:00', TIMESTAMP '2013-01-01 10:30:00', HOUR)",
            0,
        ),
        "an hour is over": (
            "TIMESTAMP_DIFF(TIMESTAMP '2013-01-01 11:30:00', TIMESTAMP '2013-01-01 10:30:00', HOUR)",
            1,
        ),
        "backwards, too": (
            "TIMESTAMP_DIFF(TIMESTAMP '2013-01-01 09:01:00', TIMESTAMP '2013-01-01 11:00:00', HOUR)",
            -1,
        ),
        "a day is 24 hours": (
            "TIMESTAMP_DIFF(TIMESTAMP '2013-01-02 09:59:00', TIMESTAMP '2013-01-01 10:00:00', DAY)",
            0,
        ),
        "milliseconds": (
            "TIMESTAMP_DIFF(TIMESTAMP '2013-01-01 00:00:01.5', TIMESTAMP '2013-01-01 00:00:00', MILLISECOND)",
            1500,
        ),
    },
    exp.TimestampTrunc: {
        "a day begins at midnight of the zone": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-06-12 03:10:00', DAY, 'America/New_York')",
            utc("2013-06-11T04:00"),
        ),
        "a month, too": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-06-01 03:10:00', MONTH, 'America/New_York')",
            utc("2013-05-01T04:00"),
        ),
        "a week begins on Sunday of the zone": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-06-09 03:10:00', WEEK, 'America/New_York')",
            utc("2013-06-02T04:00"),
        ),
        "or on another day of it, over a change of clocks": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-11-05 04:10:00', WEEK(SATURDAY), 'America/New_York')",
            utc("2013-11-02T04:00"),
        ),
        "a quarter, of a sum": (
            "TIMESTAMP_TRUNC(TIMESTAMP_ADD(TIMESTAMP '2013-06-30 14:10:00', INTERVAL 1 HOUR), QUARTER, 'Asia/Tokyo')",
            utc("2013-06-30T15:00"),
        ),
        "an hour begins at half past": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-06-12 03:10:00', HOUR, 'Asia/Kolkata')",
            utc("2013-06-12T02:30"),
        ),
        "the first of two hours of the same name": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-11-03 05:30:00', HOUR, 'America/New_York')",
            utc("2013-11-03T05:00"),
        ),
        "the second of them": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-11-03 06:30:00', HOUR, 'America/New_York')",
            utc("2013-11-03T06:00"),
        ),
        "a day that begins twice begins the first time": (
            "TIMESTAMP_TRUNC(TIMESTAMP '2013-11-03 05:30:00', DAY, 'America/Havana')",
            utc("2013-11-03T04:00"),
        ),
    },
    exp.Timestamp: {
        "a local time": ("TIMESTAMP('2013-06-12 10:00:00', 'America/New_York')", utc("2013-06-12T14:00")),
        "one that occurs twice is the first": (
            "TIMESTAMP(DATETIME '2013-11-03 01:30:00', 'America/New_York')",
            utc("2013-11-03T05:30"),
        ),
        "a midnight that occurs twice is the first": (
            "TIMESTAMP(DATE '2013-11-03', 'America/Havana')",
            utc("2013-11-03T04:00"),
        ),
        "one that never was has the offset of before": (
            "TIMESTAMP(DATETIME '2013-03-10 02:30:00', 'America/New_York')",
            utc("2013-03-10T07:30"),
        ),
        "NULL": ("TIMESTAMP(CAST(NULL AS STRING), 'America/New_York')", None),
    },
    exp.TimeToStr: {
        "on the clock of a zone": (
            "FORMAT_TIMESTAMP('%Y-%m-%d %H:%M', TIMESTAMP '2013-06-12 03:10:00', 'America/New_York')",
            "2013-06-11 23:10",
        ),
        "on that of a column": (
            "FORMAT_TIMESTAMP('%H:%M', t, zone) FROM (SELECT TIMESTAMP '2013-06-12' AS t, 'Asia/Kolkata' AS zone)",
            "05:30",
        ),
        "on that of UTC": ("FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2013-06-12 03:10:00')", "03:10"),
    },
    exp.Extract: {
        "Sunday is the first day": ("EXTRACT(DAYOFWEEK FROM DATE '2013-01-06')", 1),
        "Saturday is the seventh": ("EXTRACT(DAYOFWEEK FROM DATE '2013-01-05')", 7),
        "the day of the week is one term": ("2 * EXTRACT(DAYOFWEEK FROM DATE '2013-01-06')", 2),
        "days before the first Sunday are in week 0": ("EXTRACT(WEEK FROM DATE '2013-01-05')", 0),
        "the first Sunday begins week 1": ("EXTRACT(WEEK FROM DATE '2013-01-06')", 1),
        "a year that begins on a Sunday has no week 0": ("EXTRACT(WEEK FROM DATE '2012-01-01')", 1),
        "the last week": ("EXTRACT(WEEK FROM DATE '2013-12-31')", 52),
        "weeks from Monday": ("EXTRACT(WEEK(MONDAY) FROM DATE '2013-01-06')", 0),
        "weeks from Saturday": ("EXTRACT(WEEK(SATURDAY) FROM DATE '2013-01-05')", 1),
        "ISO weeks": ("EXTRACT(ISOWEEK FROM DATE '2012-12-31')", 1),
        "milliseconds of the second": ("EXTRACT(MILLISECOND FROM DATETIME '2013-01-01 10:00:01.234567')", 234),
        "microseconds of the second": ("EXTRACT(MICROSECOND FROM DATETIME '2013-01-01 10:00:01.234567')", 234567),
        "the date": ("EXTRACT(DATE FROM TIMESTAMP '2013-01-01 10:00:01')", date(2013, 1, 1)),
        "the date in a zone": (
            "EXTRACT(DATE FROM TIMESTAMP '2013-01-01 03:00:00' AT TIME ZONE 'America/New_York')",
            date(2012, 12, 31),
        ),
        "the year": ("EXTRACT(YEAR FROM DATE '2012-12-31')", 2012),
        "the ISO year": ("EXTRACT(ISOYEAR FROM DATE '2012-12-31')", 2013),
    },
    exp.Bracket: {
        "OFFSET counts from 0": ("['a', 'b'][OFFSET(0)]", "a"),
        "ORDINAL counts from 1": ("['a', 'b'][ORDINAL(1)]", "a"),
        "so does no word at all from 0": ("['a', 'b'][1]", "b"),
        "an OFFSET that is an expression": ("x[OFFSET(n - 1)] FROM (SELECT ['a', 'b'] AS x, 2 AS n)", "b"),
        "an OFFSET beyond the end": ("['a', 'b'][OFFSET(2)]", FAILS),
        "an OFFSET before the beginning": ("['a', 'b'][OFFSET(-1)]", FAILS),
        "an ORDINAL beyond the end": ("['a', 'b'][ORDINAL(3)]", FAILS),
        "an ORDINAL of 0": ("['a', 'b'][ORDINAL(0)]", FAILS),
        "no word, beyond the end": ("['a', 'b'][2]", FAILS),
        "a SAFE_OFFSET beyond the end": ("['a', 'b'][SAFE_OFFSET(2)]", None),
        "a SAFE_OFFSET before the beginning": ("['a', 'b'][SAFE_OFFSET(-1)]", None),
        "a SAFE_ORDINAL of 0": ("['a', 'b'][SAFE_ORDINAL(0)]", None),
        "an item of NULL": ("CAST(NULL AS ARRAY<INT64>)[OFFSET(0)]", None),
    },
    exp.Substring: {
        "0 is 1": ("SUBSTR('abc', 0, 2)", "ab"),
        "0 of a column is 1": ("SUBSTR('abc', n, 2) FROM UNNEST([0]) AS n", "ab"),
        "1": ("SUBSTR('abc', 1, 2)", "ab"),
        "from the end": ("SUBSTR('abc', -2)", "bc"),
        "from before the beginning": ("SUBSTR('abc', -5, 2)", "ab"),
        "from beyond the end": ("SUBSTR('abc', 5)", ""),
        "from before the beginning of a column": ("SUBSTR(s, n, 2) FROM (SELECT 'abc' AS s, -5 AS n)", "ab"),
        "from a NULL": ("SUBSTR('abc', CAST(NULL AS INT64))", None),
    },
    exp.Unnest: {
        "positions count from 0": (
            "x, i FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS i ORDER BY i",
            [("a", 0), ("b", 1)],
        ),
        "without a name they are called offset": (
            "x, offset FROM UNNEST(['a', 'b']) AS x WITH OFFSET ORDER BY offset",
            [("a", 0), ("b", 1)],
        ),
        "of an array of each row": (
            "k, x, i FROM (SELECT 'k' AS k, [5, NULL] AS xs) CROSS JOIN UNNEST(xs) AS x WITH OFFSET AS i ORDER BY i",
            [("k", 5, 0), ("k", None, 1)],
        ),
        "of an empty array": ("x, i FROM UNNEST(CAST([] AS ARRAY<INT64>)) AS x WITH OFFSET AS i", []),
        "of structs": ("x.a, i FROM UNNEST([STRUCT(7 AS a, 8 AS b)]) AS x WITH OFFSET AS i", [(7, 0)]),
        "without positions": ("x FROM UNNEST([5, 6]) AS x ORDER BY x", [(5,), (6,)]),
        **FIELDS,
    },
    exp.Distinct: {
        "of several columns, NULLs too": (f"COUNT(DISTINCT TO_JSON_STRING(STRUCT(a, b))) {_PAIRS}", 4),
        "of a column twice": (f"COUNT(DISTINCT TO_JSON_STRING(STRUCT(a, a))) {_PAIRS}", 3),
        "of columns with other names": (f"COUNT(DISTINCT TO_JSON_STRING(STRUCT(a AS x, b AS y))) {_PAIRS}", 4),
        "of one column, without NULL": (f"COUNT(DISTINCT a) {_PAIRS}", 2),
        "of rows": (f"DISTINCT a {_PAIRS} ORDER BY a", [(None,), (1,), (2,)]),
    },
    exp.Cast: {
        "halves are rounded away from zero": (
            "CAST(x AS INT64) FROM UNNEST([-2.5, 0.5, 1.4, 2.5]) AS x ORDER BY x",
            [(-3,), (1,), (1,), (3,)],
        ),
        "those of a NUMERIC, too": ("CAST(CAST(2.5 AS NUMERIC) AS INT64)", 3),
        "great integers keep all digits": ("CAST('9223372036854775807' AS INT64)", 2**63 - 1),
        "by its other name": ("CAST(3000000000.5 AS INTEGER)", 3_000_000_001),
        "a truth is 1": ("CAST(TRUE AS INT64)", 1),
        "NULL stays NULL": ("CAST(NULL AS INT64)", None),
        "in GROUP BY": (
            "CAST(x AS INT64) FROM UNNEST([0.5, 1.0, 2.5]) AS x GROUP BY CAST(x AS INT64) ORDER BY 1",
            [(1,), (3,)],
        ),
    },
    exp.TryCast: {
        "halves are rounded away from zero": ("SAFE_CAST(x AS INT64) FROM UNNEST([2.5]) AS x", 3),
        "what does not fit is NULL": ("SAFE_CAST(1e300 AS INT64)", None),
        "what is no number is NULL": ("SAFE_CAST('many' AS INT64)", None),
    },
    **ARRAYS,
    **BITS,
    **PICKED,
    exp.Dot: SKETCHES,
    exp.Subquery: SCALARS,
    exp.Array: MADE,
}
"""By what is corrected: what it is about, BigQuery's SQL, and the answer."""

QUICKER = {exp.Array}
"""What is rewritten because it is slow, and not because it is wrong: see test_lists_of_subqueries."""

AS_THEY_ARE = {
    "integers are divided by DIV": ("DIV(-7, 2)", -3),
    "the remainder has the sign of the number": ("MOD(-7, 3)", -1),
    "SAFE_DIVIDE by zero": ("SAFE_DIVIDE(1, 0)", None),
    "SAFE_DIVIDE": ("SAFE_DIVIDE(6, 4)", 1.5),
    "a date and an interval are a DATETIME": ("DATE '2013-01-01' + INTERVAL 1 DAY", datetime(2013, 1, 2)),  # noqa: DTZ001
    "DATE_DIFF counts boundaries": ("DATE_DIFF(DATE '2013-02-01', DATE '2013-01-31', MONTH)", 1),
    "DATE_DIFF counts Sundays": ("DATE_DIFF(DATE '2013-01-07', DATE '2013-01-05', WEEK)", 1),
    "DATETIME_DIFF does so, too": (
        "DATETIME_DIFF(DATETIME '2013-01-01 11:00:00', DATETIME '2013-01-01 10:59:00', HOUR)",
        1,
    ),
    "an hour of a TIMESTAMP": ("TIMESTAMP_TRUNC(TIMESTAMP '2013-06-12 03:10:00', HOUR)", utc("2013-06-12T03:00")),
    "ROUND goes away from zero": ("ROUND(-2.5)", -3.0),
    **PRECEDENCE,
    **ANSWERS_AS_THEY_ARE,
}


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A connection whose own time zone is not UTC, prepared as ours are."""
    connection = duckdb.connect(tmp_path_factory.mktemp("dialect") / "local.duckdb")
    connection.execute("SET TimeZone = 'America/New_York'")
    with_python(connection)
    yield prepared(connection)
    connection.close()


def answer(db: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The rows of a query, or its value if there is one."""
    try:
        rows = db.execute(to_duckdb(f"SELECT {sql}")).fetchall()
    except (duckdb.InvalidInputException, duckdb.ConversionException):  # ours are casts that fail
        return FAILS
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param(*case, id=f"{corrected.__name__}: {title}")
        for corrected, cases in CASES.items()
        for title, case in cases.items()
    ],
)
def test_corrected(db, sql, expected):
    actual = answer(db, sql)

    assert actual == expected
    assert type(actual) is type(expected) or isinstance(expected, int), (
        "1 and 1.0 are equal, a date and a moment are not"
    )


@pytest.mark.parametrize(("sql", "expected"), AS_THEY_ARE.values(), ids=AS_THEY_ARE.keys())
def test_left_as_it_is(db, sql, expected):
    assert answer(db, sql) == expected


@pytest.mark.parametrize(
    "corrected", [each for each in CASES if each not in QUICKER], ids=lambda corrected: corrected.__name__
)
def test_each_correction_has_a_case_that_needs_it(db, monkeypatch, corrected):
    """Without the correction the case has another answer, so one of the tests above would miss it."""

    def differs(sql: str, expected: Any) -> bool:
        try:
            return repr(answer(db, sql)) != repr(expected)
        except duckdb.Error:
            return True

    monkeypatch.setitem(REWRITES, corrected, lambda node: node)  # in its place: a page lists them in order
    translate.translated.cache_clear()
    needed = [title for title, case in CASES[corrected].items() if differs(*case)]
    translate.translated.cache_clear()

    assert needed


def _or_nothing(sql: str) -> str:
    try:
        return to_duckdb(sql, {TableName("", "t"): random_rows.COLUMNS}).casefold()
    except QueryError:
        return ""


def test_each_correction_has_a_case():
    """Here, or among those that are compared with the reference engine."""
    texts = [f"SELECT {sql}" for cases in CASES.values() for sql, _ in cases.values()]
    texts += [query_of(case) for cases in GROUPS.values() for case in cases]
    kinds = {type(node) for sql in texts for node in sqlglot.parse_one(sql, read=Source).walk()}

    assert set(REWRITES) - kinds == set()


@pytest.mark.parametrize("type_", TYPES)
def test_types_that_are_known_by_heart_are_those_of_the_translation(type_):
    assert type_to_duckdb(type_) == translate.type_to_duckdb(type_)


def test_each_macro_is_called():
    """By the SQL of a case, or by another macro."""
    sql = [_or_nothing(f"SELECT {sql}") for cases in CASES.values() for sql, _ in cases.values()]
    sql += [_or_nothing(query_of(case)) for cases in GROUPS.values() for case in cases]
    sql.append(stored_value("items", "BIGINT[]", is_array=True))
    sql.append(_or_nothing("SELECT DATE_TRUNC(x, MONTH), DATE_DIFF(x, x, DAY) FROM untyped"))
    calls = " ".join([*sql, *(macro.partition(" AS ")[2] for macro in MACROS)])

    assert [macro for macro in MACROS if f"{macro.partition('(')[0]}(" not in calls] == []


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        pytest.param("INT64", "BIGINT", id="an integer"),
        pytest.param("FLOAT64", "DOUBLE", id="a float"),
        pytest.param("NUMERIC", "DECIMAL(38, 9)", id="a NUMERIC"),
        pytest.param("BIGNUMERIC", "DECIMAL(38, 18)", id="a BIGNUMERIC"),
        pytest.param("NUMERIC(10, 2)", "DECIMAL(10, 2)", id="a NUMERIC of our own size"),
        pytest.param("STRING", "TEXT", id="a text"),
        pytest.param("TIMESTAMP", "TIMESTAMPTZ", id="an instant"),
        pytest.param("DATETIME", "TIMESTAMP", id="a local time"),
        pytest.param("ARRAY<NUMERIC>", "DECIMAL(38, 9)[]", id="an array"),
        pytest.param("STRUCT<a INT64, b NUMERIC>", "STRUCT(a BIGINT, b DECIMAL(38, 9))", id="a struct"),
        pytest.param("", "VARCHAR", id="a type that is not declared"),
    ],
)
def test_type(type_, expected):
    assert type_to_duckdb(type_) == expected


def test_inner_corrections_hold_inside_outer_ones(db):
    sql = "COUNT(DISTINCT TO_JSON_STRING(STRUCT(SUBSTR(s, 0, 2), 1))) FROM UNNEST(['aab', 'aac', 'abb']) AS s"

    assert answer(db, sql) == 2


def test_parameters_and_expressions(db):
    sql = f"SELECT {expression_to_duckdb('DATE_SUB(@end, INTERVAL 1 DAY)')}"

    assert db.execute(sql, {"end": date(2013, 1, 1)}).fetchall() == [(date(2012, 12, 31),)]


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        pytest.param("SELECT tools.clean(s) FROM t", "tools.clean", id="a function"),
        pytest.param("SELECT SAFE.tools.clean(s) FROM t", "tools.clean", id="a function after SAFE"),
        pytest.param("SELECT `tools.clean`(s) FROM t", "tools.clean", id="a function in backticks"),
        pytest.param("SELECT acme.tools.clean(s) FROM t", "acme.tools.clean", id="a function of a project"),
        pytest.param("SELECT s FROM tools.of_carrier('AA')", "tools.of_carrier", id="a table function"),
    ],
)
def test_what_only_the_warehouse_has_is_refused_by_name(sql, name):
    with pytest.raises(QueryError, match=f"^{name} is a function of the warehouse"):
        to_duckdb(sql)


def test_fields_of_structs_are_not(db):
    assert answer(db, "(SELECT SUBSTR(t.s.name, 1, 1) FROM (SELECT STRUCT('abc' AS name) AS s) AS t)") == "a"


def test_views_answer_alike_to_other_programs(tmp_path):
    """What a view calls is in the file, so that a plain connection can read it."""
    lab = Lab(
        graph_of(tmp_path, {"models/marts/half.sql": model("SELECT x / 2 AS y FROM UNNEST([1]) AS x", kind="view")})
    )
    lab.run()

    assert lab.rows("marts.half") == [(0.5,)]
