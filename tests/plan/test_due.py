"""Which partitions are due: those that are over, and for which all that they read is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import strategies as st
from lab import daily, graph_of, model, name, source

from aggregator.core.calendar import Grain
from aggregator.plan.due import due_partitions

COLUMNS = {"day": "DATE", "moment": "TIMESTAMP", "wall": "DATETIME", "n": "INT64"}
ENDLESS = {"models/lake/rows.yml": source(COLUMNS)}
"""Rows without partitions: they set no limit."""


def due(root: Path, files: Mapping[str, str], now: str, zone: str = "UTC") -> dict[str, tuple[str, ...]]:
    graph = graph_of(root, files, zone)
    return {str(model): ids for model, ids in due_partitions(graph, at(now)).items()}


def at(now: str) -> datetime:
    return datetime.fromisoformat(now).replace(tzinfo=UTC)


def of(table: str, partition: dict[str, Any], **front: Any) -> str:
    """A model of the rows of a table, as they are."""
    return model(f"SELECT day, moment, wall, n FROM {table}", partition=partition, **front)


# --- a table alone ---------------------------------------------------------------------------------------------------

FROM_NEW_YEAR = daily("day", "2013-01-01")
MONTHS = daily("day", "2012-11-01", grain="month")
HOURS = daily("moment", "2013-01-01T00", grain="hour")
AUTUMN = daily("wall", "2013-11-03T00", grain="hour")


@pytest.mark.parametrize(
    ("partition", "now", "expected"),
    [
        pytest.param(FROM_NEW_YEAR, "2013-01-03 12:00", ["2013-01-01", "2013-01-02"], id="the day is not over"),
        pytest.param(FROM_NEW_YEAR, "2013-01-03 00:00", ["2013-01-01", "2013-01-02"], id="the day has just begun"),
        pytest.param(FROM_NEW_YEAR, "2013-01-02 23:59:59.999999", ["2013-01-01"], id="the day is just not over"),
        pytest.param(FROM_NEW_YEAR, "2013-01-01 12:00", [], id="the first day is not over"),
        pytest.param(FROM_NEW_YEAR, "2012-06-01 00:00", [], id="the table begins in the future"),
        pytest.param(
            daily("day", "2013-01-01", "2013-01-03"), "2013-01-09", ["2013-01-01", "2013-01-02"], id="to: ends it"
        ),
        pytest.param(daily("day", "2013-01-01", "2013-01-09"), "2013-01-02", ["2013-01-01"], id="to: is in the future"),
        pytest.param(MONTHS, "2013-01-01", ["2012-11", "2012-12"], id="months over the year's end"),
        pytest.param(MONTHS, "2012-12-31 23:59", ["2012-11"], id="the month lacks a minute"),
        pytest.param(
            *(daily("day", "2012-01-15", grain="month"), "2012-03-10", ["2012-02"]),
            id="the month before from: is not whole",
        ),
        pytest.param(
            *(daily("day", "2012-01-01", "2012-02-29", grain="month"), "2013-01-01", ["2012-01"]),
            id="the month in which to: lies is not whole",
        ),
        pytest.param(daily("day", "2011-01-01", grain="year"), "2012-12-31 23:00", ["2011"], id="the year is not over"),
        pytest.param(HOURS, "2013-01-01 02:59", ["2013-01-01T00", "2013-01-01T01"], id="the hour is not over"),
        pytest.param(HOURS, "2013-01-01 03:00", [f"2013-01-01T0{hour}" for hour in range(3)], id="the hour is over"),
    ],
)
def test_alone(tmp_path, partition, now, expected):
    files = {**ENDLESS, "models/marts/table.sql": of("lake.rows", partition)}

    assert due(tmp_path, files, now) == {"marts.table": tuple(expected)}


@pytest.mark.parametrize(
    ("zone", "partition", "now", "newest"),
    [
        pytest.param("America/New_York", FROM_NEW_YEAR, "2013-01-03 04:59", "2013-01-01", id="before midnight there"),
        pytest.param("America/New_York", FROM_NEW_YEAR, "2013-01-03 05:00", "2013-01-02", id="at midnight there"),
        pytest.param("Asia/Tokyo", FROM_NEW_YEAR, "2013-01-02 14:59", "2013-01-01", id="before midnight in the east"),
        pytest.param("Asia/Tokyo", FROM_NEW_YEAR, "2013-01-02 15:00", "2013-01-02", id="at midnight in the east"),
        pytest.param(
            *("America/New_York", {**FROM_NEW_YEAR, "zone": "Asia/Tokyo"}, "2013-01-02 15:00", "2013-01-02"),
            id="the table has a zone of its own",
        ),
        pytest.param(
            *("America/New_York", {**FROM_NEW_YEAR, "by": "moment"}, "2013-01-03 00:00", "2013-01-02"),
            id="days of a TIMESTAMP are those of UTC",
        ),
        pytest.param(
            "America/New_York", FROM_NEW_YEAR, "2013-03-11 03:59", "2013-03-09", id="a day of 23 hours, before"
        ),
        pytest.param("America/New_York", FROM_NEW_YEAR, "2013-03-11 04:00", "2013-03-10", id="a day of 23 hours"),
        pytest.param(
            "America/New_York", FROM_NEW_YEAR, "2013-11-04 04:59", "2013-11-02", id="a day of 25 hours, before"
        ),
        pytest.param("America/New_York", FROM_NEW_YEAR, "2013-11-04 05:00", "2013-11-03", id="a day of 25 hours"),
        pytest.param("America/Havana", FROM_NEW_YEAR, "2013-11-03 04:00", "2013-11-02", id="the next day begins twice"),
        pytest.param(
            "America/Sao_Paulo", FROM_NEW_YEAR, "2013-02-17 02:59", "2013-02-15", id="an evening occurs twice"
        ),
        pytest.param("America/New_York", AUTUMN, "2013-11-03 06:59", "2013-11-03T00", id="an hour begins again"),
        pytest.param("America/New_York", AUTUMN, "2013-11-03 07:00", "2013-11-03T01", id="an hour is over for good"),
    ],
)
def test_zone(tmp_path, zone, partition, now, newest):
    files = {**ENDLESS, "models/marts/table.sql": of("lake.rows", partition)}

    assert due(tmp_path, files, now, zone)["marts.table"][-1] == newest


ZONES = ["UTC", "America/New_York", "Europe/Paris", "America/Havana", "America/Sao_Paulo", "Asia/Kolkata"]
START = "2013-10-15T00"
GRAINS = {
    "day": [Grain.DAY, Grain.MONTH, Grain.ISOWEEK, Grain.WEEK_TUESDAY, Grain.QUARTER],
    "moment": [Grain.HOUR, Grain.DAY, Grain.WEEK],
    "wall": [Grain.HOUR, Grain.DAY, Grain.WEEK_SATURDAY],
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A table for each zone, column and grain; in these weeks the clocks change in four of the zones."""
    files = dict(ENDLESS)
    for number, zone in enumerate(ZONES):
        for column, grains in GRAINS.items():
            for grain in grains:
                start = START if grain is Grain.HOUR else START[:10]
                partition = {"by": column, "grain": str(grain), "from": start, "zone": zone}
                files[f"models/marts/{column}_{grain.name.lower()}_{number}.sql"] = of("lake.rows", partition)
    return graph_of(tmp_path_factory.mktemp("zones"), files)


def over(zone: str, grain: Grain, now: datetime) -> Iterator[str]:
    """What is over, asked of the clock on the wall: the moment at which the next partition begins there has come."""
    start = grain.ceil(datetime.fromisoformat(START))
    while grain.shift(start, 1).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) <= now:
        yield start.isoformat()[: grain.id_length]
        start = grain.shift(start, 1)


@hypothesis.settings(max_examples=80)
@hypothesis.given(minutes=st.integers(0, 40 * 24 * 12).map(lambda fives: 5 * fives))
def test_due_is_what_is_over(tables, minutes):
    now = datetime.fromisoformat(START).replace(tzinfo=UTC) + timedelta(minutes=minutes)
    found = due_partitions(tables, now)

    for number, zone in enumerate(ZONES):
        for column, grains in GRAINS.items():
            for grain in grains:
                wall = "UTC" if column == "moment" else zone
                assert found[name(f"marts.{column}_{grain.name.lower()}_{number}")] == tuple(over(wall, grain, now))


# --- a table and what it reads ---------------------------------------------------------------------------------------


def lake(partition: dict[str, Any]) -> dict[str, str]:
    return {"models/lake/rows.yml": source(COLUMNS, partition=partition)}


ENDED = lake(daily("day", "2013-01-01", "2013-01-04"))
"""A source that ended after January 3."""

ENDED_IN_UTC = lake(daily("moment", "2013-01-01", "2013-01-04"))


@pytest.mark.parametrize(
    ("rows", "partition", "map_", "zone", "newest"),
    [
        pytest.param(ENDED, FROM_NEW_YEAR, "same", "UTC", "2013-01-03", id="the last day of the source"),
        pytest.param(ENDED, FROM_NEW_YEAR, {"last": "3 days"}, "UTC", "2013-01-03", id="the last days up to it"),
        pytest.param(
            ENDED, FROM_NEW_YEAR, {"offset": "1 day"}, "UTC", "2013-01-09", id="a day that reads the one before"
        ),
        pytest.param(ENDED, FROM_NEW_YEAR, "all", "UTC", "2013-01-09", id="a day that reads the whole table"),
        pytest.param(ENDLESS, FROM_NEW_YEAR, "all", "UTC", "2013-01-09", id="a source without partitions"),
        pytest.param(lake(FROM_NEW_YEAR), FROM_NEW_YEAR, "same", "UTC", "2013-01-09", id="a source that did not end"),
        pytest.param(
            *(lake(daily("day", "2013-01-01", "2014-01-01")), FROM_NEW_YEAR, "same", "UTC", "2013-01-09"),
            id="a source that ends in the future",
        ),
        pytest.param(
            *(ENDED, daily("day", "2013-01-01", "2013-01-03"), "same", "UTC", "2013-01-02"),
            id="a table that ends before it",
        ),
        pytest.param(
            *(ENDED, daily("day", "2013-01-01", "2013-01-08"), "same", "UTC", "2013-01-03"),
            id="a table that ends after it",
        ),
        pytest.param(
            *(ENDED_IN_UTC, FROM_NEW_YEAR, "same", "America/New_York", "2013-01-02"),
            id="an evening in New York is the next day of UTC",
        ),
        pytest.param(
            *(ENDED_IN_UTC, FROM_NEW_YEAR, "same", "Asia/Tokyo", "2013-01-03"), id="an evening in Tokyo is the same one"
        ),
        pytest.param(
            *(lake({**daily("day", "2013-01-01", "2013-01-04"), "zone": "Asia/Tokyo"}), HOURS, "same", "UTC"),
            "2013-01-03T14",
            id="a source ends on a clock of its own",
        ),
    ],
)
def test_reader_of_a_source(tmp_path, rows, partition, map_, zone, newest):
    files = {**rows, "models/marts/reader.sql": of("lake.rows", partition, inputs={"lake.rows": map_})}

    assert due(tmp_path, files, "2013-01-10 20:00", zone)["marts.reader"][-1] == newest


@pytest.mark.parametrize(
    ("partition", "reader", "now", "newest"),
    [
        pytest.param(
            {**HOURS, "to": "2013-01-03T23"},
            {**FROM_NEW_YEAR, "by": "moment"},
            "2013-01-09",
            "2013-01-02",
            id="an hour is lacking",
        ),
        pytest.param(
            {**HOURS, "to": "2013-01-04T00"},
            {**FROM_NEW_YEAR, "by": "moment"},
            "2013-01-09",
            "2013-01-03",
            id="all hours are there",
        ),
        pytest.param(
            FROM_NEW_YEAR, {**MONTHS, "from": "2013-01-01"}, "2013-02-28 12:00", "2013-01", id="months of days"
        ),
        pytest.param(
            {**FROM_NEW_YEAR, "by": "moment"},
            HOURS,
            "2013-01-03 12:00",
            "2013-01-02T23",
            id="hours of days that are over",
        ),
        pytest.param(
            {**MONTHS, "from": "2013-01-01"},
            FROM_NEW_YEAR,
            "2013-03-15",
            "2013-02-28",
            id="days of months that are over",
        ),
        pytest.param(
            *({**FROM_NEW_YEAR, "zone": "Asia/Tokyo"}, HOURS, "2013-01-03 12:00", "2013-01-02T14"),
            id="hours of days that are over in Tokyo",
        ),
    ],
)
def test_reader_of_a_model(tmp_path, partition, reader, now, newest):
    """And the reader of the reader is held up in the same way."""
    files = {
        **ENDLESS,
        "models/marts/first.sql": of("lake.rows", partition),
        "models/marts/second.sql": of("marts.first", reader),
        "models/marts/third.sql": of("marts.second", reader),
    }
    found = due(tmp_path, files, now)

    assert (found["marts.second"][-1], found["marts.third"][-1]) == (newest, newest)


def test_the_input_that_ends_first_counts(tmp_path):
    other = source(COLUMNS, partition=daily("day", "2013-01-01", "2013-01-03"))
    sql = "SELECT a.day, a.n FROM lake.rows AS a JOIN lake.other AS b ON a.day = b.day"
    files = {**ENDED, "models/lake/other.yml": other, "models/marts/both.sql": model(sql, partition=FROM_NEW_YEAR)}

    assert due(tmp_path, files, "2013-01-10") == {"marts.both": ("2013-01-01", "2013-01-02")}


def test_a_table_that_reads_itself_goes_on(tmp_path):
    sql = "SELECT day, n FROM lake.rows UNION ALL SELECT DATE_ADD(day, INTERVAL 1 DAY), n FROM marts.running"
    front = {"inputs": {"marts.running": "previous"}, "columns": {"day": {"type": "DATE"}, "n": {"type": "INT64"}}}
    running = model(sql, partition=FROM_NEW_YEAR, **front)
    found = due(tmp_path, {**ENDED, "models/marts/running.sql": running}, "2013-01-10")

    assert found == {"marts.running": ("2013-01-01", "2013-01-02", "2013-01-03")}


@pytest.mark.parametrize("kind", ["table", "view"])
def test_without_partitions_it_is_always_due(tmp_path, kind):
    files = {**ENDED, "models/marts/whole.sql": model("SELECT COUNT(*) AS c FROM lake.rows", kind=kind)}

    assert due(tmp_path, files, "1999-01-01") == {"marts.whole": ("",)}


# --- tables whose partitions go --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("partition", "now", "expected"),
    [
        pytest.param(
            daily("day", "2013-01-01", expire="3 days"),
            "2013-01-10T12:00",
            ("2013-01-08", "2013-01-09"),
            id="those that are not older",
        ),
        pytest.param(
            daily("day", "2013-01-01", expire="3 days"),
            "2013-01-10T00:00",
            ("2013-01-08", "2013-01-09"),
            id="one that goes at this moment is gone",
        ),
        pytest.param(
            daily("day", "2013-01-01", expire="30 days"),
            "2013-01-03T12:00",
            ("2013-01-01", "2013-01-02"),
            id="none yet",
        ),
        pytest.param(
            daily("day", "2013-01-01", grain="month", expire="40 days"),
            "2013-04-05T00:00",
            ("2013-03",),
            id="a month counts from its first day",
        ),
        pytest.param(daily("day", "2013-01-01", expire="1h"), "2013-01-10T12:00", (), id="all of them"),
    ],
)
def test_what_has_expired_is_not_due(tmp_path, partition, now, expected):
    files = {"models/marts/m.sql": of("lake.rows", partition), **ENDLESS}

    assert due(tmp_path, files, now)["marts.m"] == expected


def test_bigquery_counts_in_utc_whatever_the_zone(tmp_path):
    """At 20:00 UTC, it is the 11th in Tokyo: the 10th is over there, and the 8th is gone in 4 hours."""
    files = {"models/marts/m.sql": of("lake.rows", daily("day", "2013-01-01", expire="3 days")), **ENDLESS}

    found = due(tmp_path, files, "2013-01-10T20:00", "Asia/Tokyo")["marts.m"]

    assert found == ("2013-01-08", "2013-01-09", "2013-01-10")
