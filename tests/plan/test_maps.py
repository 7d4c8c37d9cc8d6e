"""What planning says a partition reads is what the filter in its SQL reads: DuckDB is asked, over many moments."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st
from ready_duckdb import prepared

from aggregator.compile.filters import filter_sql, impossible
from aggregator.core.calendar import Calendar, ColumnType, Grain, Partition
from aggregator.core.maps import PREVIOUS, SAME, PartitionMap, Reach
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.plan.maps import bounds, read_partitions

AROUND = {
    "clocks go forward in New York and, at midnight, in Havana": "2013-03-10",
    "clocks go forward in Paris, and by two hours in Troll": "2013-03-31",
    "clocks go back in Paris, and at 01:00 to midnight on the Azores": "2013-10-27",
    "clocks go back in New York, and at 01:00 to midnight in Havana": "2013-11-03",
    "clocks go forward at midnight in Sao Paulo": "2013-10-20",
    "clocks go back at midnight in Sao Paulo": "2013-02-17",
    "clocks go back by half an hour on Lord Howe": "2013-04-07",
    "a leap day": "2012-02-29",
    "the end of a short February": "2013-03-01",
    "a year's end": "2014-01-01",
    "the end of a year of 53 weeks": "2010-01-03",
    "the middle of the last week of such a year": "2020-12-31",
    "a day like others": "2013-06-12",
}
ZONES = [
    *("UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "America/Havana"),
    *("Atlantic/Azores", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Kiritimati", "Antarctica/Troll"),
]
GRAINS = {
    ColumnType.DATE: [grain for grain in Grain if grain is not Grain.HOUR],
    ColumnType.DATETIME: list(Grain),
    ColumnType.TIMESTAMP: list(Grain),
}
UNITS = {Grain.HOUR: 50, Grain.DAY: 4, Grain.WEEK: 2, Grain.MONTH: 3, Grain.QUARTER: 2, Grain.YEAR: 1}
"""What lengths are counted in, and how many of them at most."""

_TYPES = {ColumnType.DATE: "DATE", ColumnType.DATETIME: "TIMESTAMP", ColumnType.TIMESTAMP: "TIMESTAMPTZ"}
_REACH_OF_MOMENTS = timedelta(days=430)


@pytest.fixture(scope="module")
def db():
    """A table of moments for each column type, every half hour near the change and every day farther away."""
    connection = prepared(duckdb.connect())
    yield connection
    connection.close()


def moments(db: duckdb.DuckDBPyConnection, type_: ColumnType, around: datetime) -> str:
    """A table of moments around a day; made when it is first asked for."""
    table = f"{type_.lower()}_{around:%Y%m%d}"
    start, end = around - _REACH_OF_MOMENTS, around + _REACH_OF_MOMENTS
    near_start, near_end = around - timedelta(days=8), around + timedelta(days=8)
    db.execute(
        f"CREATE TABLE IF NOT EXISTS {table} AS SELECT DISTINCT moment::{_TYPES[type_]} AS moment FROM ("
        f" SELECT unnest(generate_series(TIMESTAMP '{start}', TIMESTAMP '{end}', INTERVAL 1 DAY)) AS moment UNION"
        f" SELECT unnest(generate_series(TIMESTAMP '{near_start}', TIMESTAMP '{near_end}', INTERVAL 30 MINUTE)))"
    )
    return table


def partitions_read(
    db: duckdb.DuckDBPyConnection, map_: PartitionMap, reader: Calendar, source: Calendar, partition: Partition
) -> set[str]:
    """The ids of the source partitions of which the filter lets rows through."""
    around = partition.replace(hour=0)
    start, end = reader.value(partition), reader.value(reader.next(partition))
    query = to_duckdb(f"SELECT moment FROM {moments(db, source.type, around)} WHERE {filter_sql(map_, reader, source)}")
    parameters = {name: value for name, value in (("start", start), ("end", end)) if f"${name}" in query}
    found = db.execute(f"SELECT DISTINCT strftime(moment, '%Y-%m-%dT%H') FROM ({query})", parameters).fetchall()
    return {source.id(source.grain.floor(datetime.fromisoformat(row[0]))) for row in found}


def is_there(reader: Calendar, partition: Partition) -> bool:
    """Whether any time passes in a partition; an hour that a change of clocks skips is no time at all."""
    return reader.instant(partition) < reader.instant(reader.next(partition))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    type_ = draw(st.sampled_from(list(ColumnType)))
    return Calendar("moment", type_, draw(st.sampled_from(GRAINS[type_])), draw(st.sampled_from(ZONES)))


@st.composite
def maps(draw: st.DrawFn) -> PartitionMap:
    reach = draw(st.sampled_from([Reach.SAME, Reach.LAST, Reach.OFFSET, Reach.PREVIOUS]))
    if reach in (Reach.SAME, Reach.PREVIOUS):
        return PartitionMap(reach)
    unit = draw(st.sampled_from(list(UNITS)))
    return PartitionMap(reach, draw(st.integers(1, UNITS[unit])), unit)


@hypothesis.settings(max_examples=700, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(
    map_=maps(),
    reader=calendars(),
    source=calendars(),
    day=st.sampled_from(sorted(AROUND.values())),
    hours=st.integers(-30, 30),
)
@hypothesis.example(
    map_=PartitionMap(Reach.OFFSET, 1, Grain.MONTH),
    reader=Calendar("moment", ColumnType.DATE, Grain.DAY, "UTC"),
    source=Calendar("moment", ColumnType.DATETIME, Grain.DAY, "UTC"),
    day="2013-03-31",
    hours=-30,
).via("a month before March 29 and a month before March 30 are the same day, so nothing lies between")
@hypothesis.example(
    map_=SAME,
    reader=Calendar("moment", ColumnType.DATE, Grain.DAY, "Atlantic/Azores"),
    source=Calendar("moment", ColumnType.DATETIME, Grain.HOUR, "Atlantic/Azores"),
    day="2013-03-31",
    hours=0,
).via("on one clock, the hour that a change of clocks skips belongs to the day whose date it has")
@hypothesis.example(
    map_=SAME,
    reader=Calendar("moment", ColumnType.DATE, Grain.DAY, "Atlantic/Azores"),
    source=Calendar("moment", ColumnType.DATETIME, Grain.HOUR, "Atlantic/Azores"),
    day="2013-03-30",
    hours=0,
).via("and not to the day before")
@hypothesis.example(
    map_=SAME,
    reader=Calendar("moment", ColumnType.TIMESTAMP, Grain.HOUR, "UTC"),
    source=Calendar("moment", ColumnType.DATE, Grain.DAY, "Atlantic/Azores"),
    day="2013-10-27",
    hours=0,
).via("the hour after midnight occurs twice, and the first ends where clocks go back to midnight")
@hypothesis.example(
    map_=PartitionMap(Reach.LAST, 1, Grain.YEAR),
    reader=Calendar("moment", ColumnType.TIMESTAMP, Grain.HOUR, "UTC"),
    source=Calendar("moment", ColumnType.DATE, Grain.DAY, "Atlantic/Azores"),
    day="2013-03-31",
    hours=0,
).via("the hour ends where clocks go forward from midnight, so nothing of the next day is in it")
@hypothesis.example(
    map_=PartitionMap(Reach.LAST, 1, Grain.HOUR),
    reader=Calendar("moment", ColumnType.TIMESTAMP, Grain.HOUR, "UTC"),
    source=Calendar("moment", ColumnType.DATETIME, Grain.DAY, "America/New_York"),
    day="2013-11-03",
    hours=5,
).via("a local hour that occurs twice belongs to the second time")
def test_plan_and_filter_agree(db, map_, reader, source, day, hours):
    source = reader if map_ == PREVIOUS else source
    hypothesis.assume(impossible(map_, reader, source) == ("", ""))
    moment = datetime.fromisoformat(day) + timedelta(hours=hours)
    partition = reader.grain.floor(moment)
    planned = set(read_partitions(map_, reader, source, partition))
    actual = partitions_read(db, map_, reader, source, partition)

    assert actual <= planned, "the query reads what the plan does not know of"
    if not is_there(reader, partition):
        return
    is_short = reader.grain in (Grain.HOUR, Grain.DAY) and map_.unit in (None, Grain.HOUR, Grain.DAY)
    if (reader.type, reader.grain) == (ColumnType.DATETIME, Grain.HOUR):
        return  # an hour of a wall clock may be none at all, and one before it, too: the plan may then read too much
    if is_short or source.type is ColumnType.DATE:
        assert actual == planned
    elif source.grain is not Grain.HOUR:  # far away there is only one moment a day: the ends may have none
        ends = sorted(planned)
        assert planned - actual <= {*ends[:1], *ends[-1:]}


UTC_HOURS = Calendar("moment", ColumnType.TIMESTAMP, Grain.HOUR, "UTC")
UTC_DAYS = Calendar("moment", ColumnType.TIMESTAMP, Grain.DAY, "UTC")
NEW_YORK_DAYS = Calendar("moment", ColumnType.DATE, Grain.DAY, "America/New_York")
NEW_YORK_HOURS = Calendar("moment", ColumnType.DATETIME, Grain.HOUR, "America/New_York")
HAVANA_DAYS = Calendar("moment", ColumnType.DATE, Grain.DAY, "America/Havana")
KOLKATA_DAYS = Calendar("moment", ColumnType.DATE, Grain.DAY, "Asia/Kolkata")
AZORES_DAYS = Calendar("moment", ColumnType.DATE, Grain.DAY, "Atlantic/Azores")
AZORES_HOURS = Calendar("moment", ColumnType.DATETIME, Grain.HOUR, "Atlantic/Azores")
DAYS = Calendar("moment", ColumnType.DATE, Grain.DAY, "UTC")
MONTHS = Calendar("moment", ColumnType.DATE, Grain.MONTH, "UTC")
QUARTERS = Calendar("moment", ColumnType.DATE, Grain.QUARTER, "UTC")
YEARS = Calendar("moment", ColumnType.DATE, Grain.YEAR, "UTC")
ISO_WEEKS = Calendar("moment", ColumnType.DATE, Grain.ISOWEEK, "UTC")
WEEKS = Calendar("moment", ColumnType.DATE, Grain.WEEK, "UTC")
A_MONTH_BEFORE = PartitionMap(Reach.OFFSET, 1, Grain.MONTH)
KOLKATA_WEEKS = Calendar("moment", ColumnType.DATE, Grain.WEEK_THURSDAY, "Asia/Kolkata")
NEW_YORK_WEEKS = Calendar("moment", ColumnType.DATETIME, Grain.WEEK, "America/New_York")


def days_from(first: str, count: int) -> list[str]:
    start = datetime.fromisoformat(first)
    return [(start + timedelta(days=day)).isoformat()[:10] for day in range(count)]


def hours_from(first: str, count: int) -> list[str]:
    start = datetime.fromisoformat(first)
    return [(start + timedelta(hours=hour)).isoformat()[:13] for hour in range(count)]


@pytest.mark.parametrize(
    ("map_", "reader", "source", "partition", "expected"),
    [
        pytest.param(SAME, DAYS, DAYS, "2013-06-12", ["2013-06-12"], id="a day reads the same day"),
        pytest.param(
            SAME, NEW_YORK_DAYS, UTC_DAYS, "2013-06-12", ["2013-06-12", "2013-06-13"], id="a local day ends in the next"
        ),
        pytest.param(
            SAME, KOLKATA_DAYS, UTC_DAYS, "2013-06-12", ["2013-06-11", "2013-06-12"], id="or begins in the one before"
        ),
        pytest.param(
            *(SAME, NEW_YORK_DAYS, UTC_HOURS, "2013-03-10", hours_from("2013-03-10T05", 23)), id="a day of 23 hours"
        ),
        pytest.param(
            *(SAME, NEW_YORK_DAYS, UTC_HOURS, "2013-11-03", hours_from("2013-11-03T04", 25)), id="a day of 25 hours"
        ),
        pytest.param(
            *(SAME, HAVANA_DAYS, UTC_HOURS, "2013-11-03", hours_from("2013-11-03T04", 25)),
            id="a day that begins twice begins the first time",
        ),
        pytest.param(
            *(SAME, KOLKATA_DAYS, UTC_HOURS, "2013-06-12", hours_from("2013-06-11T18", 25)),
            id="a day that begins at half past overlaps 25 hours",
        ),
        pytest.param(
            *(SAME, NEW_YORK_HOURS, UTC_HOURS, "2013-11-03T01", ["2013-11-03T05", "2013-11-03T06"]),
            id="a local hour that occurs twice",
        ),
        pytest.param(SAME, NEW_YORK_HOURS, UTC_HOURS, "2013-03-10T02", [], id="a local hour that never was"),
        pytest.param(
            *(SAME, AZORES_DAYS, AZORES_HOURS, "2013-03-31", hours_from("2013-03-31T00", 24)),
            id="on one clock, an hour that never was is one of its day",
        ),
        pytest.param(SAME, AZORES_HOURS, AZORES_DAYS, "2013-03-31T00", ["2013-03-31"], id="and its day is read by it"),
        pytest.param(
            *(PartitionMap(Reach.LAST, 3, Grain.DAY), DAYS, DAYS, "2012-03-01"),
            ["2012-02-28", "2012-02-29", "2012-03-01"],
            id="the last three days, over a leap day",
        ),
        pytest.param(
            *(PartitionMap(Reach.LAST, 1, Grain.MONTH), DAYS, DAYS, "2013-03-30"),
            [f"2013-02-{day}" for day in (28,)] + [f"2013-03-{day:02}" for day in range(1, 31)],
            id="a month before March 31 is February 28",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 7, Grain.DAY), NEW_YORK_DAYS, NEW_YORK_DAYS, "2013-03-14", ["2013-03-07"]),
            id="seven days are seven calendar days, also when the clocks change",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 1, Grain.YEAR), DAYS, DAYS, "2012-02-29", ["2011-02-28"]),
            id="a year before a leap day is February 28",
        ),
        pytest.param(PREVIOUS, MONTHS, MONTHS, "2013-01", ["2012-12"], id="the month before January"),
        pytest.param(SAME, DAYS, MONTHS, "2013-06-12", ["2013-06"], id="a day reads the whole month around it"),
        pytest.param(
            *(SAME, MONTHS, DAYS, "2012-02", [f"2012-02-{day:02}" for day in range(1, 30)]), id="a month reads its days"
        ),
        pytest.param(SAME, YEARS, MONTHS, "2013", [f"2013-{month:02}" for month in range(1, 13)], id="a year"),
        pytest.param(SAME, ISO_WEEKS, DAYS, "2012-12-31", days_from("2012-12-31", 7), id="an ISO week reads its days"),
        pytest.param(SAME, WEEKS, DAYS, "2012-02-26", days_from("2012-02-26", 7), id="a week, over a leap day"),
        pytest.param(
            SAME, DAYS, ISO_WEEKS, "2010-01-03", ["2009-12-28"], id="a Sunday reads the ISO week that it ends"
        ),
        pytest.param(SAME, DAYS, WEEKS, "2010-01-03", ["2010-01-03"], id="and the week that it begins"),
        pytest.param(
            SAME, ISO_WEEKS, WEEKS, "2020-12-28", ["2020-12-27", "2021-01-03"], id="a week reads two other weeks"
        ),
        pytest.param(SAME, MONTHS, ISO_WEEKS, "2010-02", days_from("2010-02-01", 22)[::7], id="a month of four weeks"),
        pytest.param(
            SAME, MONTHS, ISO_WEEKS, "2010-08", days_from("2010-07-26", 36)[::7], id="a month that six weeks overlap"
        ),
        pytest.param(
            *(SAME, KOLKATA_WEEKS, UTC_DAYS, "2009-12-31", days_from("2009-12-30", 8)),
            id="a week on a clock that is half an hour off overlaps eight days",
        ),
        pytest.param(
            *(SAME, NEW_YORK_WEEKS, UTC_HOURS, "2013-03-10", hours_from("2013-03-10T05", 167)), id="a week of 167 hours"
        ),
        pytest.param(
            *(SAME, NEW_YORK_WEEKS, UTC_HOURS, "2013-11-03", hours_from("2013-11-03T04", 169)), id="a week of 169 hours"
        ),
        pytest.param(SAME, QUARTERS, MONTHS, "2013-04", ["2013-04", "2013-05", "2013-06"], id="a quarter"),
        pytest.param(SAME, MONTHS, QUARTERS, "2013-06", ["2013-04"], id="a month reads the quarter around it"),
        pytest.param(
            SAME, YEARS, QUARTERS, "2013", ["2013-01", "2013-04", "2013-07", "2013-10"], id="a year's quarters"
        ),
        pytest.param(PREVIOUS, ISO_WEEKS, ISO_WEEKS, "2016-01-04", ["2015-12-28"], id="the week before is week 53"),
        pytest.param(PREVIOUS, QUARTERS, QUARTERS, "2013-01", ["2012-10"], id="the quarter before the first"),
        pytest.param(
            *(PartitionMap(Reach.LAST, 2, Grain.WEEK), WEEKS, WEEKS, "2012-03-04", ["2012-02-26", "2012-03-04"]),
            id="the last two weeks",
        ),
        pytest.param(
            *(PartitionMap(Reach.LAST, 1, Grain.WEEK), DAYS, DAYS, "2012-03-01", days_from("2012-02-24", 7)),
            id="a week is seven days, wherever they begin",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 52, Grain.WEEK), ISO_WEEKS, ISO_WEEKS, "2010-01-04", ["2009-01-05"]),
            id="52 weeks ago, of 53",
        ),
        pytest.param(
            *(PartitionMap(Reach.LAST, 1, Grain.QUARTER), MONTHS, MONTHS, "2013-01", ["2012-11", "2012-12", "2013-01"]),
            id="the last quarter is three months, wherever they begin",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 1, Grain.QUARTER), DAYS, DAYS, "2013-05-29", ["2013-02-28"]),
            id="a quarter before May 29 is February 28",
        ),
        pytest.param(
            *(A_MONTH_BEFORE, DAYS, DAYS, "2013-03-28", ["2013-02-28"]),
            id="and so is a month before March 28",
        ),
        pytest.param(
            *(A_MONTH_BEFORE, DAYS, DAYS, "2013-03-31", ["2013-02-28"]),
            id="and before March 31",
        ),
        pytest.param(
            *(A_MONTH_BEFORE, ISO_WEEKS, DAYS, "2013-07-29", days_from("2013-06-29", 7)),
            id="a week a month before is seven days",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 7, Grain.DAY), MONTHS, DAYS, "2013-03", days_from("2013-02-22", 31)),
            id="a month that is moved by days is moved at both ends",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 1, Grain.YEAR), ISO_WEEKS, ISO_WEEKS, "2013-01-07"),
            ["2012-01-02", "2012-01-09"],
            id="a year before a week are parts of two",
        ),
        pytest.param(
            *(PartitionMap(Reach.LAST, 2, Grain.HOUR), UTC_HOURS, UTC_DAYS, "2013-01-01T00"),
            ["2012-12-31", "2013-01-01"],
            id="the last two hours, over a year's end",
        ),
    ],
)
def test_partitions_read(db, map_, reader, source, partition, expected):
    start = reader.parse(partition)

    assert list(read_partitions(map_, reader, source, start)) == expected
    assert sorted(partitions_read(db, map_, reader, source, start)) == expected


@pytest.mark.parametrize(
    ("map_", "reader", "source"),
    [
        pytest.param(SAME, NEW_YORK_DAYS, UTC_HOURS, id="local days of UTC hours"),
        pytest.param(SAME, HAVANA_DAYS, UTC_HOURS, id="local days that may begin twice"),
        pytest.param(SAME, NEW_YORK_HOURS, UTC_HOURS, id="local hours of UTC hours"),
        pytest.param(SAME, KOLKATA_DAYS, UTC_DAYS, id="half an hour off"),
        pytest.param(SAME, MONTHS, DAYS, id="months of days"),
        pytest.param(SAME, ISO_WEEKS, DAYS, id="weeks of days"),
        pytest.param(SAME, QUARTERS, MONTHS, id="quarters of months"),
        pytest.param(SAME, KOLKATA_WEEKS, UTC_HOURS, id="weeks that begin at half past"),
        pytest.param(SAME, NEW_YORK_WEEKS, UTC_DAYS, id="weeks of 167, 168 and 169 hours"),
    ],
)
@pytest.mark.parametrize("day", AROUND.values(), ids=AROUND.keys())
def test_neighbours_share_no_rows_and_leave_none_out(db, map_, reader, source, day):
    """The filters of all partitions together let each moment through exactly once."""
    around = datetime.fromisoformat(day)
    table = moments(db, source.type, around)
    query = to_duckdb(f"SELECT moment FROM {table} WHERE {filter_sql(map_, reader, source)}")
    first, last = reader.grain.floor(around - timedelta(days=2)), reader.grain.ceil(around + timedelta(days=2))
    seen: list[tuple[datetime]] = []
    for partition in reader.grain.range(first, last):
        bounds = {"start": reader.value(partition), "end": reader.value(reader.next(partition))}
        seen += db.execute(query, bounds).fetchall()
    start, end = (source.value(source.local(reader.instant(moment))) for moment in (first, last))
    everything = db.execute(f"SELECT moment FROM {table} WHERE moment >= $1 AND moment < $2", [start, end]).fetchall()

    assert len(everything) > 4
    assert sorted(seen) == sorted(everything)


@pytest.mark.parametrize(
    ("reader", "partition", "expected"),
    [
        pytest.param(NEW_YORK_HOURS, "2012-03-31T23", ["2012-02-29T23"], id="an hour keeps its time of day"),
        pytest.param(UTC_DAYS, "2013-03-30", hours_from("2013-02-28T00", 24), id="a day is a whole one"),
    ],
)
def test_hours_of_a_month_before(reader, partition, expected):
    of_hours = dataclasses.replace(reader, grain=Grain.HOUR)

    assert list(read_partitions(A_MONTH_BEFORE, reader, of_hours, reader.parse(partition))) == expected


@hypothesis.given(
    partition=st.datetimes(datetime.fromisoformat("2009-01-01"), datetime.fromisoformat("2022-01-01")),
    reader=st.sampled_from(GRAINS[ColumnType.DATE]),
    count=st.integers(1, 30),
    unit=st.sampled_from([Grain.MONTH, Grain.QUARTER, Grain.YEAR]),
)
def test_a_partition_of_months_before_is_as_long_as_its_reader(partition, reader, count, unit):
    """Nothing is empty where a month lacks the day, and of the first of a month nothing has changed."""
    calendar = Calendar("d", ColumnType.DATE, reader, "UTC")
    start = reader.floor(partition)
    low, high = bounds(PartitionMap(Reach.OFFSET, count, unit), calendar, start)

    assert low == unit.shift(start, -count)
    assert high == reader.shift(low, 1)


@hypothesis.given(
    day=st.datetimes(datetime.fromisoformat("2009-01-01"), datetime.fromisoformat("2022-01-01")),
    reader=st.sampled_from(GRAINS[ColumnType.DATE]),
    source=st.sampled_from(GRAINS[ColumnType.DATE]),
    back=st.integers(0, 3),
)
def test_a_partition_is_read_by_exactly_those_that_overlap_it(day, reader, source, back):
    """Also the other way round: who reads a partition is who is read by it through the same map turned around."""
    by, of = Calendar("d", ColumnType.DATE, reader, "UTC"), Calendar("d", ColumnType.DATE, source, "UTC")
    partition = reader.floor(day)
    read = read_partitions(SAME, by, of, partition)

    assert {of.id(source.floor(day))} <= set(read)
    for each in map(of.parse, read):
        assert each < by.next(partition)
        assert of.next(each) > partition
        assert by.id(partition) in read_partitions(SAME, of, by, each)
    if source.divides(reader):
        assert of.parse(read[0]) == partition
        assert of.next(of.parse(read[-1])) == by.next(partition)
    last = read_partitions(PartitionMap(Reach.LAST, 1 + back, Grain.WEEK), by, of, partition)
    assert last[-1] == read[-1]
    assert source.shift(of.parse(last[0]), 1) > by.next(partition) - timedelta(weeks=1 + back) >= of.parse(last[0])
