"""Truncations: the grain that they mean, and DuckDB's answers beside the arithmetic of calendars."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ready_duckdb import prepared

from aggregator.compile.truncations import TRUNCATIONS, grain_of
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.engines.duckdb.dialect import expression_to_duckdb

UNITS = [
    *(pytest.param(grain.upper(), grain, id=grain) for grain in Grain),
    pytest.param("WEEK(MONDAY)", Grain.ISOWEEK, id="a week from Monday is an ISO week"),
    pytest.param("week(sunday)", Grain.WEEK, id="a week from Sunday, in lower case"),
    pytest.param("ISOYEAR", None, id="years of ISO weeks are no grain"),
    pytest.param("MINUTE", None, id="minutes are none"),
]


def start_of_bucket(value: str, type_: ColumnType, grain: Grain, zone: str) -> str:
    """The start of what a value lies in, in BigQuery's SQL; a TIMESTAMP is looked at on the clock of a zone."""
    on_a_clock = f", '{zone}'" if type_ is ColumnType.TIMESTAMP else ""
    return f"{type_}_TRUNC({value}, {grain.upper()}{on_a_clock})"


@pytest.mark.parametrize(("unit", "grain"), UNITS)
@pytest.mark.parametrize("function", ["DATE", "DATETIME", "TIMESTAMP"])
def test_the_grain_of_a_truncation(function, unit, grain):
    node = sqlglot.parse_one(f"{function}_TRUNC(x, {unit})", read="bigquery")

    assert isinstance(node, TRUNCATIONS)
    assert grain_of(node) is grain


@pytest.mark.parametrize("grain", Grain)
def test_the_grain_of_a_truncation_on_another_clock(grain):
    sql = start_of_bucket("x", ColumnType.TIMESTAMP, grain, "Europe/Paris")

    assert grain_of(sqlglot.parse_one(sql, read="bigquery")) is grain


# --- what DuckDB makes of it ---

POSSIBLE = [(type_, grain) for type_ in ColumnType for grain in Grain if (type_, grain) != ("DATE", "hour")]
ZONES = ["UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "America/Havana", "Australia/Lord_Howe"]
YEARS_ENDS = [f"{year}-{day}" for year in (2009, 2012, 2015, 2020) for day in ("12-27", "12-28", "12-31")]
MOMENTS = st.one_of(
    st.datetimes(datetime(2008, 12, 1), datetime(2021, 2, 1)),  # noqa: DTZ001
    st.builds(
        lambda day, hours: datetime.fromisoformat(day) + timedelta(hours=hours),
        st.sampled_from([*YEARS_ENDS, "2012-02-29", "2013-03-10", "2013-03-31", "2013-04-07", "2013-11-03"]),
        st.integers(0, 200),
    ),
)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with prepared(duckdb.connect()) as connection:
        yield connection


def answer(db: duckdb.DuckDBPyConnection, type_: ColumnType, grain: Grain, zone: str, value: Any) -> Any:
    literal = f"{type_} '{value}'"
    return db.execute(f"SELECT {expression_to_duckdb(start_of_bucket(literal, type_, grain, zone))}").fetchall()[0][0]


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(moment=MOMENTS, kind=st.sampled_from(POSSIBLE), zone=st.sampled_from(ZONES))
@example(datetime(2010, 1, 3, 23), (ColumnType.DATE, Grain.ISOWEEK), "UTC").via("the last day of week 53")  # noqa: DTZ001
@example(datetime(2021, 1, 1), (ColumnType.DATE, Grain.WEEK_FRIDAY), "UTC").via("a year that begins a week")  # noqa: DTZ001
def test_duckdb_finds_the_start_that_the_calendar_has(db, moment, kind, zone):
    type_, grain = kind
    moment = moment.replace(microsecond=0)
    cut = Calendar("x", type_, grain, zone)
    if type_ is ColumnType.TIMESTAMP:
        local = Calendar("x", ColumnType.DATETIME, grain, zone)
        found = answer(db, type_, grain, zone, f"{moment}+00")

        if grain is Grain.HOUR:  # an hour may occur twice: it begins less than an hour before, at a full one
            begin = found.astimezone(UTC).replace(tzinfo=None)
            assert timedelta() <= moment - begin < timedelta(hours=1)
            assert local.local(begin).minute == 0
        else:
            assert found == local.instant(grain.floor(local.local(moment))).replace(tzinfo=UTC)
    else:
        expected = cut.value(grain.floor(moment if type_ is ColumnType.DATETIME else moment.replace(hour=0)))
        found = answer(db, type_, grain, zone, cut.value(moment))

        assert found == expected
        assert isinstance(found, datetime) is isinstance(expected, datetime)


@pytest.mark.parametrize("grain", [grain for grain in Grain if grain is not Grain.HOUR])
def test_all_days_of_years_with_week_53_and_leap_days(db, grain):
    days = [date(2008, 12, 1) + timedelta(days=count) for count in range(366 * 13)]
    sql = expression_to_duckdb(start_of_bucket("x", ColumnType.DATE, grain, "UTC"))
    found = db.execute(f"SELECT {sql} FROM (SELECT unnest($days::DATE[]) AS x)", {"days": days}).fetchall()

    assert [row[0] for row in found] == [grain.floor(datetime.combine(day, datetime.min.time())).date() for day in days]
