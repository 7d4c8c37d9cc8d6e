"""Calls in calls, elements of formats that no other engine tells, and types that can't be told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
import sqlglot
from ready_duckdb import prepared
from sqlglot import exp

from aggregator.core.names import TableName
from aggregator.engines.duckdb.connection import with_python
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.dialect.translate import _REPEATED
from aggregator.engines.duckdb.dialect.verdict import DOCUMENTED

WRAPPED = {
    "a cast to and fro": ("7", "CAST(CAST({} AS STRING) AS INT64)", 7),
    "NUMERIC divided": ("NUMERIC '1'", "({} / NUMERIC '2')", 0.03125),
    "a float divided": ("64.0", "SAFE_DIVIDE({}, 2)", 2.0),
    "roots and logarithms": ("16.0", "SQRT(LN(EXP({})))", None),
    "a moment": ("TIMESTAMP '2013-02-08 10:11:12+00'", "TIMESTAMP_TRUNC({}, HOUR, 'Asia/Kolkata')", None),
    "one that may fail": ("'5'", "CAST(SAFE_CAST({} AS INT64) AS STRING)", "5"),
    "a truth": ("1", "CAST(CAST({} AS BOOL) AS INT64)", 1),
}


@pytest.fixture(scope="module")
def db():
    connection = prepared(duckdb.connect())
    with_python(connection)
    yield connection
    connection.close()


def nested(inner: str, form: str, depth: int) -> str:
    return inner if depth == 0 else form.format(nested(inner, form, depth - 1))


@pytest.mark.parametrize(("inner", "form", "expected"), WRAPPED.values(), ids=WRAPPED)
def test_no_call_is_put_into_another_that_names_it_more_than_once(db, inner, form, expected):
    sql = to_duckdb(f"SELECT {nested(inner, form, 5)} AS v")
    calls = list(sqlglot.parse_one(sql, read="duckdb").find_all(exp.Anonymous))
    long = [each for each in calls if each.name.casefold() in _REPEATED]
    inside = [
        found
        for call in long
        for place in _REPEATED[call.name.casefold()]
        if place < len(call.expressions)
        for found in call.expressions[place].find_all(exp.Anonymous)
        if found.name.casefold() in _REPEATED
    ]
    (value,) = db.execute(sql).fetchone()

    assert len(long) >= 5
    assert inside == []
    assert expected is None or value == expected


def test_what_is_grouped_by_is_still_what_is_selected(db):
    by = "CAST(SUBSTR(CAST(x AS STRING), 1, 4) AS INT64)"
    days = "UNNEST([DATE '2013-01-01', DATE '2013-02-01', DATE '2014-01-01']) AS x"
    found = db.execute(to_duckdb(f"SELECT {by} AS y, COUNT(*) AS c FROM {days} GROUP BY {by} ORDER BY y")).fetchall()
    same = db.execute(to_duckdb(f"SELECT {by} AS y, COUNT(*) AS c FROM {days} GROUP BY y ORDER BY y")).fetchall()

    assert found == same == [(2013, 2), (2014, 1)]


MOMENT = "TIMESTAMP '2013-02-08 05:06:07+00'"
ELEMENTS = {
    "contains": [
        ("CONTAINS_SUBSTR('Hello, World', 'world')", True),
        ("CONTAINS_SUBSTR('the blue house', 'Red')", False),
        ("CONTAINS_SUBSTR('\u2168', 'ix')", True),
        ("CONTAINS_SUBSTR(CAST(NULL AS STRING), 'a')", None),
    ],
    "tobase32": [("TO_BASE32(b'abcde')", "MFRGGZDF"), ("TO_BASE32(b'')", "")],
    "frombase32": [("FROM_BASE32('MFRGGZDF')", b"abcde"), ("FROM_BASE32('MFRGGZDFMY======')", b"abcdef")],
    "timetostr element %k": [
        (f"FORMAT_TIMESTAMP('%k:%M', {MOMENT})", " 5:06"),
        ("FORMAT_TIME('%k', TIME '15:00:00')", "15"),
    ],
    "timetostr element %l": [
        (f"FORMAT_TIMESTAMP('%l', {MOMENT})", " 5"),
        ("FORMAT_TIME('%l', TIME '00:10:00')", "12"),
        ("FORMAT_TIME('%l', TIME '13:10:00')", " 1"),
    ],
    "timetostr element %P": [
        (f"FORMAT_TIMESTAMP('%I %P', {MOMENT})", "05 am"),
        ("FORMAT_DATETIME('%P', DATETIME '2013-02-08 12:00:00')", "pm"),
    ],
    "strtodate element %F": [("PARSE_DATE('%F', '2013-02-08')", dt.date(2013, 2, 8))],
    "strtotime element %F": [
        ("PARSE_TIMESTAMP('%F %T', '2013-02-08 05:06:07')", dt.datetime(2013, 2, 8, 5, 6, 7, tzinfo=dt.UTC))
    ],
    "parsedatetime element %F": [
        ("PARSE_DATETIME('%FT%T', '2013-02-08T05:06:07')", dt.datetime(2013, 2, 8, 5, 6, 7))  # noqa: DTZ001
    ],
}


@pytest.mark.parametrize("element", DOCUMENTED)
def test_elements_are_as_bigquery_documents_them(db, element):
    for sql, expected in ELEMENTS[element]:
        assert db.execute(to_duckdb(f"SELECT {sql}")).fetchone() == (expected,)


UNTOLD: dict[str, tuple[str, Any]] = {
    "a moment truncated as a date": ("DATE_TRUNC(x, MONTH)", "TIMESTAMPTZ '2013-02-08 05:06:07+00'"),
    "instants subtracted as dates": ("DATE_DIFF(x, x, DAY)", "TIMESTAMPTZ '2013-02-08 05:06:07+00'"),
    "a float in a struct, as JSON": ("TO_JSON_STRING(x)", "{'a': 1.5::DOUBLE}"),
    "NUMERIC in an array, as JSON": ("TO_JSON_STRING(x)", "[CAST(1.5 AS DECIMAL(38, 9))]"),
}


@pytest.mark.parametrize(("sql", "value"), UNTOLD.values(), ids=UNTOLD)
def test_what_depends_on_a_type_that_can_not_be_told_fails(db, sql, value):
    db.execute(f"CREATE OR REPLACE TEMP TABLE untold AS SELECT {value} AS x")
    with pytest.raises(duckdb.Error, match="could not be told"):
        db.execute(to_duckdb(f"SELECT {sql} FROM untold")).fetchall()


def test_with_its_type_it_does_not(db):
    db.execute("CREATE OR REPLACE TEMP TABLE told AS SELECT {'a': 1.5::DOUBLE, 'b': [DATE '2013-02-08']} AS x")
    types = {TableName("", "told"): {"x": "STRUCT<a FLOAT64, b ARRAY<DATE>>"}}
    found = db.execute(to_duckdb("SELECT TO_JSON_STRING(x) FROM told", types)).fetchone()

    assert found == ('{"a":1.5,"b":["2013-02-08"]}',)
