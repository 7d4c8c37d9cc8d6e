"""The partition filter that a map means: its text for every pair of tables, and the rows that it lets through."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from ready_duckdb import prepared

from aggregator.compile.filters import filter_sql, impossible
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import ALL, PREVIOUS, SAME, PartitionMap, Reach
from aggregator.core.pseudo import is_pseudo
from aggregator.engines.duckdb.dialect import to_duckdb

NEW_YORK = "America/New_York"
EXPECTED = Path(__file__).parent / "expected" / "filters.txt"

MAPS = {
    "same": SAME,
    "last: 7 days": PartitionMap(Reach.LAST, 7, Grain.DAY),
    "last: 3 months": PartitionMap(Reach.LAST, 3, Grain.MONTH),
    "last: 36 hours": PartitionMap(Reach.LAST, 36, Grain.HOUR),
    "offset: 1 day": PartitionMap(Reach.OFFSET, 1, Grain.DAY),
    "offset: 1 year": PartitionMap(Reach.OFFSET, 1, Grain.YEAR),
    "last: 2 weeks": PartitionMap(Reach.LAST, 2, Grain.WEEK),
    "offset: 1 quarter": PartitionMap(Reach.OFFSET, 1, Grain.QUARTER),
}
READERS = {
    "days in New York": Calendar("d", ColumnType.DATE, Grain.DAY, NEW_YORK),
    "months in New York": Calendar("d", ColumnType.DATE, Grain.MONTH, NEW_YORK),
    "hours on a clock in New York": Calendar("d", ColumnType.DATETIME, Grain.HOUR, NEW_YORK),
    "days of points in time": Calendar("d", ColumnType.TIMESTAMP, Grain.DAY, NEW_YORK),
    "hours of points in time": Calendar("d", ColumnType.TIMESTAMP, Grain.HOUR, NEW_YORK),
    "weeks in New York": Calendar("d", ColumnType.DATE, Grain.ISOWEEK, NEW_YORK),
    "weeks from Saturday on a clock in New York": Calendar("d", ColumnType.DATETIME, Grain.WEEK_SATURDAY, NEW_YORK),
    "quarters of points in time": Calendar("d", ColumnType.TIMESTAMP, Grain.QUARTER, NEW_YORK),
}
SOURCES = {
    "days in New York": Calendar("x", ColumnType.DATE, Grain.DAY, NEW_YORK),
    "months in New York": Calendar("x", ColumnType.DATE, Grain.MONTH, NEW_YORK),
    "days in Tokyo": Calendar("x", ColumnType.DATE, Grain.DAY, "Asia/Tokyo"),
    "a clock in New York": Calendar("x", ColumnType.DATETIME, Grain.HOUR, NEW_YORK),
    "a clock in Tokyo": Calendar("x", ColumnType.DATETIME, Grain.DAY, "Asia/Tokyo"),
    "points in time": Calendar("x", ColumnType.TIMESTAMP, Grain.HOUR, NEW_YORK),
    "days of arrival": Calendar("_PARTITIONTIME", ColumnType.TIMESTAMP, Grain.DAY, NEW_YORK),
    "hours of arrival": Calendar("_PARTITIONTIME", ColumnType.TIMESTAMP, Grain.HOUR, NEW_YORK),
    "weeks of arrival": Calendar("_PARTITIONTIME", ColumnType.TIMESTAMP, Grain.WEEK_THURSDAY, NEW_YORK),
    "quarters of arrival": Calendar("_PARTITIONTIME", ColumnType.TIMESTAMP, Grain.QUARTER, NEW_YORK),
    "tables of days in New York": Calendar("_TABLE_SUFFIX", ColumnType.DATE, Grain.DAY, NEW_YORK, "%Y%m%d"),
    "tables of months in Tokyo": Calendar("_TABLE_SUFFIX", ColumnType.DATE, Grain.MONTH, "Asia/Tokyo", "%Y_%m"),
    "weeks in New York": Calendar("x", ColumnType.DATE, Grain.ISOWEEK, NEW_YORK),
    "weeks from Thursday in Tokyo": Calendar("x", ColumnType.DATE, Grain.WEEK_THURSDAY, "Asia/Tokyo"),
    "quarters in New York": Calendar("x", ColumnType.DATE, Grain.QUARTER, NEW_YORK),
}
POSSIBLE = [
    (map_, reader, source)
    for map_, reader, source in itertools.product(MAPS, READERS, SOURCES)
    if impossible(MAPS[map_], READERS[reader], SOURCES[source]) == ("", "")
]


def test_the_text_of_every_filter(request):
    lines = [
        f"{map_} | {reader} <- {source}\n    {filter_sql(MAPS[map_], READERS[reader], SOURCES[source])}\n"
        for map_, reader, source in POSSIBLE
    ]
    lines += [
        f"previous | {name}\n    {filter_sql(PREVIOUS, calendar, calendar)}\n" for name, calendar in READERS.items()
    ]

    if request.config.getoption("--update"):
        EXPECTED.write_text("".join(lines), encoding="utf-8")
    assert EXPECTED.read_text(encoding="utf-8") == "".join(lines)


def test_hours_can_not_be_counted_from_a_date():
    hours = MAPS["last: 36 hours"]
    days = READERS["days in New York"]

    assert impossible(hours, days, SOURCES["points in time"])[1] == "count in days"


@pytest.mark.parametrize("map_", [SAME, PREVIOUS, *MAPS.values()], ids=str)
def test_only_all_is_possible_without_partitions(map_):
    cut = READERS["days in New York"]

    assert (impossible(map_, None, cut)[0] != "", impossible(map_, cut, None)[0] != "") == (True, True)
    assert impossible(ALL, None, cut) == impossible(ALL, cut, None) == impossible(ALL, cut, cut) == ("", "")


# --- the rows that a filter lets through, against the definition of the maps ---

PARTITIONS = {
    Grain.HOUR: ["2013-03-10T05", "2013-03-10T07", "2013-11-03T00", "2013-11-03T03", "2013-12-31T23", "2013-07-01T00"],
    Grain.DAY: ["2013-03-09", "2013-03-10", "2013-03-11", "2013-11-03", "2013-11-04", "2013-12-31", "2014-01-01"],
    Grain.MONTH: ["2013-01", "2013-03", "2013-11", "2013-12", "2014-02"],
    Grain.ISOWEEK: ["2012-02-27", "2012-12-31", "2013-03-04", "2013-10-28", "2009-12-28"],
    Grain.WEEK_SATURDAY: ["2012-02-25", "2013-03-09", "2013-11-02", "2015-12-26", "2016-01-02"],
    Grain.QUARTER: ["2012-10", "2013-01", "2013-04"],
}


def moved_back(moment: datetime, count: int, unit: Grain) -> datetime:
    lengths = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
    if unit in lengths:
        months = moment.year * 12 + moment.month - 1 - count * lengths[unit]
        year, month = divmod(months, 12)
        for day in range(moment.day, 0, -1):
            try:
                return moment.replace(year=year, month=month + 1, day=day)
            except ValueError:
                continue
    return moment - count * {Grain.WEEK: timedelta(days=7), Grain.DAY: timedelta(days=1)}.get(unit, timedelta(hours=1))


def what_is_read(map_: PartitionMap, reader: Calendar, partition: datetime) -> tuple[datetime, datetime]:
    """The definition: on the reader's clock first, then as instants."""
    start, end = partition, reader.next(partition)
    match map_.reach:
        case Reach.LAST:
            start = moved_back(end, map_.count, map_.unit)
        case Reach.OFFSET:
            moved, length = moved_back(start, map_.count, map_.unit), end - start
            is_of_months = map_.unit in (Grain.MONTH, Grain.QUARTER, Grain.YEAR)
            fixed = (Grain.HOUR, Grain.DAY, Grain.ISOWEEK, Grain.WEEK_SATURDAY)
            keeps = is_of_months and reader.grain in fixed
            start, end = moved, moved + length if keeps else moved_back(end, map_.count, map_.unit)
    return instant(start, reader), instant(end, reader)


def instant(moment: datetime, calendar: Calendar) -> datetime:
    zone = "UTC" if calendar.type is ColumnType.TIMESTAMP else calendar.zone
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def is_unambiguous(moment: datetime, zone: str) -> bool:
    first, second = (moment.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1))
    return first == second


def rows_around(source: Calendar, start: datetime, end: datetime) -> list[datetime]:
    """Values of the source's column, on its clock: all hours around both ends, and some in between."""
    zone = ZoneInfo("UTC" if source.type is ColumnType.TIMESTAMP else source.zone)
    middle = start + (end - start) / 2
    local = [
        (moment.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=30 * step)).astimezone(zone)
        for moment in (start, middle, end)
        for step in range(-110, 111)
    ]
    values = sorted({each.replace(tzinfo=None) for each in local})
    if is_pseudo(source.column):
        return sorted({source.grain.stored.floor(each) for each in values})
    if source.type is ColumnType.DATE:
        return sorted({each.replace(hour=0, minute=0) for each in values})
    return [each for each in values if source.type is ColumnType.TIMESTAMP or is_unambiguous(each, source.zone)]


def is_read(value: datetime, source: Calendar, start: datetime, end: datetime) -> bool:
    """A moment is read if it lies in the interval; of dates and times of arrival, each partition that overlaps it."""
    if source.type is not ColumnType.DATE and not is_pseudo(source.column):
        return start <= instant(value, source) < end
    grain = source.grain.stored if is_pseudo(source.column) else source.grain
    first = grain.floor(value)
    return instant(first, source) < end and instant(grain.shift(first, 1), source) > start


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    return prepared(duckdb.connect())


@pytest.mark.parametrize(("map_", "reader", "source"), POSSIBLE, ids=lambda value: value)
def test_a_filter_lets_through_what_the_map_means(map_, reader, source, db):
    meaning, cut, read = MAPS[map_], READERS[reader], SOURCES[source]
    condition = filter_sql(meaning, cut, read)
    for name in PARTITIONS[cut.grain]:
        partition = cut.parse(name)
        start, end = what_is_read(meaning, cut, partition)
        values = rows_around(read, start, end)

        expected = [each for each in values if is_read(each, read, start, end)]

        assert let_through(db, condition, values, cut, partition, read) == expected, name


def let_through(
    db: duckdb.DuckDBPyConnection,
    condition: str,
    values: list[datetime],
    reader: Calendar,
    partition: datetime,
    source: Calendar,
) -> list[datetime]:
    sql = to_duckdb(f"SELECT {source.column} FROM rows WHERE {condition} ORDER BY 1")
    bounds = {"start": reader.value(partition), "end": reader.value(reader.next(partition))}
    used = {name: value for name, value in bounds.items() if f"${name}" in sql}
    type_ = {"DATE": "DATE", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ"}[source.type]
    type_ = "VARCHAR" if source.suffix else type_
    listed = [each.strftime(source.suffix) if source.suffix else source.value(each) for each in values]
    sql = f"WITH rows AS (SELECT unnest($values::{type_}[]) AS {source.column}) {sql}"
    found = [row[0] for row in db.execute(sql, {**used, "values": listed}).fetchall()]
    return [parsed(each, source) if source.suffix else naive(each) for each in found]


def parsed(suffix: str, source: Calendar) -> datetime:
    return datetime.strptime(suffix, source.suffix)  # noqa: DTZ007  (the name of a table has no time zone)


def naive(value: date | datetime) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, datetime.min.time())
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
