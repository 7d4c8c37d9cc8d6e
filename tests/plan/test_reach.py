"""What a partition is made from and what is made from it: the same as following each partition by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import hypothesis
import pytest
import zoo
from hypothesis import strategies as st
from lab import daily, graph_of, model, source
from test_inverse_maps import calendars, maps, moments

from aggregator.compile.filters import impossible
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.graph import Graph
from aggregator.core.maps import PREVIOUS, SAME, PartitionMap, Reach
from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE
from aggregator.plan.due import Horizon
from aggregator.plan.inputs import Inputs
from aggregator.plan.maps import read_partitions
from aggregator.plan.reach import Reached, Stretches, made_from, named, number, used_by
from aggregator.plan.runs import read_by_stretch
from aggregator.plan.stretches import Stretch, union, within, without
from aggregator.plan.texts import Texts

NOW = datetime.fromisoformat("2020-01-01")
Key = tuple[TableName, str]


# --- stretches -------------------------------------------------------------------------------------------------------

DAY = datetime.fromisoformat("2013-02-26")
some_days = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4)), max_size=5).map(
    lambda pairs: tuple(Stretch(Grain.DAY.shift(DAY, at), Grain.DAY.shift(DAY, at + more)) for at, more in pairs)
)


def days(stretches: Stretches) -> set[datetime]:
    return {each for stretch in stretches for each in stretch.partitions(Grain.DAY)}


@hypothesis.given(one=some_days, other=some_days)
def test_stretches_are_sets_of_partitions(one, other):
    both = union((*one, *other), Grain.DAY)

    assert days(both) == days(one) | days(other)
    assert sum(each.number(Grain.DAY) for each in both) == len(days(both))
    assert days(without(both, other, Grain.DAY)) == days(one) - days(other)
    assert days(within(both, Stretch(DAY, DAY))) == days(both) & {DAY}
    assert within(both, None) == ()


# --- one map ---------------------------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=200)
@hypothesis.given(map_=maps(), reader=calendars(), source=calendars(), moment=moments, more=st.integers(0, 130))
@hypothesis.example(
    map_=PartitionMap(Reach.LAST, 1, Grain.HOUR),
    reader=Calendar("d", ColumnType.TIMESTAMP, Grain.DAY, "UTC"),
    source=Calendar("d", ColumnType.TIMESTAMP, Grain.HOUR, "UTC"),
    moment=DAY,
    more=3,
).via("the last hour of each day: there are gaps")
@hypothesis.example(
    map_=PartitionMap(Reach.OFFSET, 1, Grain.MONTH),
    reader=Calendar("d", ColumnType.DATE, Grain.DAY, "UTC"),
    source=Calendar("d", ColumnType.DATE, Grain.DAY, "UTC"),
    moment=DAY,
    more=5,
).via("the last days of January are left out")
@hypothesis.example(
    map_=SAME,
    reader=Calendar("d", ColumnType.TIMESTAMP, Grain.HOUR, "UTC"),
    source=Calendar("d", ColumnType.DATE, Grain.DAY, "Pacific/Apia"),
    moment=datetime.fromisoformat("2011-12-27"),
    more=150,
).via("a day that never was")
def test_what_many_read_is_what_each_reads(map_, reader, source, moment, more):
    source = reader if map_ == PREVIOUS else source
    hypothesis.assume(impossible(map_, reader, source) == ("", ""))
    first = reader.grain.floor(moment)
    built = Stretch(first, reader.grain.shift(first, more if reader.grain is Grain.HOUR else more // 12))
    found = read_by_stretch(map_, reader, source, built)

    assert [source.id(each) for stretch in found for each in stretch.partitions(source.grain)] == sorted(
        {
            each
            for partition in built.partitions(reader.grain)
            for each in read_partitions(map_, reader, source, partition)
        }
    )


# --- a graph ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def animals(tmp_path_factory):
    return graph_of(tmp_path_factory.mktemp("zoo"), zoo.files(datetime.fromisoformat("2013-10-28")))


def partitions(graph: Graph, table: TableName) -> list[str]:
    """All that a table has; the empty one of a table without partitions."""
    calendar, extent = graph.calendars[table], Horizon(graph, NOW).extent(table)
    if calendar is None:
        return [WHOLE]
    return [calendar.id(each) for each in extent.partitions(calendar.grain)] if extent else []


def steps(graph: Graph) -> dict[Key, set[Key]]:
    """What each partition reads, of what there is, asked of each by itself."""
    there = {table: partitions(graph, table) for table in graph.calendars}
    found: dict[Key, set[Key]] = {}
    for name, compiled in graph.models.items():
        read = Inputs(compiled, graph, Texts({}))
        for partition in there[name]:
            keys = list(read.partitions(partition))
            found[name, partition] = {
                (table, each)
                for table, asked in keys
                for each in (there[table] if asked == WHOLE else [asked])
                if each in there[table]
            }
    return found


def reachable(start: Key, following: dict[Key, set[Key]]) -> set[Key]:
    seen, waiting = set[Key](), [start]
    while waiting:
        for key in following.get(waiting.pop(), ()):
            if key not in seen:
                seen.add(key)
                waiting.append(key)
    return seen - {start}


def keys(graph: Graph, reached: Reached) -> set[Key]:
    return {(table, each) for table, stretches in reached.items() for each in ids(graph, table, stretches)}


def ids(graph: Graph, table: TableName, stretches: Stretches) -> Iterator[str]:
    calendar = graph.calendars[table]
    if calendar is None:
        yield WHOLE
        return
    for stretch in stretches:
        yield from map(calendar.id, stretch.partitions(calendar.grain))


def asked(graph: Graph, key: Key) -> Stretches:
    calendar = graph.calendars[key[0]]
    moment = calendar.parse(key[1])
    return (Stretch(moment, moment),)


def test_up_is_what_reading_step_by_step_gives(animals):
    following = steps(animals)
    for name in animals.models:
        for partition in partitions(animals, name)[::3] if animals.calendars[name] else ():
            key = (name, partition)

            assert keys(animals, made_from(animals, NOW, name, asked(animals, key))) == reachable(key, following)


def test_down_is_up_turned_around(animals):
    readers: dict[Key, set[Key]] = {}
    for key, read in steps(animals).items():
        for each in read:
            readers.setdefault(each, set()).add(key)
    for name in animals.calendars:
        for partition in partitions(animals, name)[::3] if animals.calendars[name] else ():
            key = (name, partition)

            assert keys(animals, used_by(animals, NOW, name, asked(animals, key))) == reachable(key, readers)


# --- a year of hours -------------------------------------------------------------------------------------------------

HOURS = {
    "models/lake/events.yml": source(
        {"moment": "TIMESTAMP", "n": "INT64"}, partition=daily("moment", "2012-06-01T00", "2014-03-01T00", grain="hour")
    ),
    "models/staging/hourly.sql": model(
        "SELECT TIMESTAMP_TRUNC(moment, HOUR) AS hour, SUM(n) AS n FROM lake.events GROUP BY hour",
        partition=daily("hour", "2012-06-01T00", grain="hour"),
    ),
    "models/marts/daily.sql": model(
        "SELECT DATE(hour, 'America/New_York') AS day, SUM(n) AS n FROM staging.hourly GROUP BY day",
        partition={**daily("day", "2012-06-02"), "zone": "America/New_York"},
    ),
    "models/marts/recent.sql": model("SELECT day, n FROM marts.daily", kind="view"),
    "models/marts/yearly.sql": model(
        "SELECT DATE_TRUNC(day, YEAR) AS year, SUM(n) AS n FROM marts.daily GROUP BY year",
        partition={**daily("year", "2012-01-01", grain="year"), "zone": "America/New_York"},
    ),
    "models/marts/shares.sql": model(
        "SELECT year, n / (SELECT SUM(n) FROM marts.recent) AS share FROM marts.yearly",
        partition={**daily("year", "2012-01-01", grain="year"), "zone": "America/New_York"},
    ),
}


@pytest.fixture(scope="module")
def hours(tmp_path_factory):
    return graph_of(tmp_path_factory.mktemp("hours"), HOURS)


def told(graph: Graph, reached: Reached) -> dict[str, tuple[int, list[tuple[str, str]]]]:
    return {
        str(table): (number(graph.calendars[table], stretches), named(graph.calendars[table], stretches))
        for table, stretches in reached.items()
    }


def test_a_year_of_local_days_is_made_from_hours(hours):
    key = (TableName("marts", "yearly"), "2013")

    assert told(hours, made_from(hours, NOW, key[0], asked(hours, key))) == {
        "marts.daily": (365, [("2013-01-01", "2013-12-31")]),
        "staging.hourly": (8760, [("2013-01-01T05", "2014-01-01T04")]),
        "lake.events": (8760, [("2013-01-01T05", "2014-01-01T04")]),
    }


def test_behind_a_view_is_all_that_there_is(hours):
    key = (TableName("marts", "shares"), "2013")
    found = told(hours, made_from(hours, NOW, key[0], asked(hours, key)))

    assert found["marts.recent"] == (0, [])
    assert found["marts.daily"] == (636, [("2012-06-02", "2014-02-27")])
    assert list(found)[-1] == "lake.events"


def test_an_hour_reaches_its_year(hours):
    key = (TableName("lake", "events"), "2014-01-01T03")

    assert told(hours, used_by(hours, NOW, key[0], asked(hours, key))) == {
        "staging.hourly": (1, [("2014-01-01T03", "2014-01-01T03")]),
        "marts.daily": (1, [("2013-12-31", "2013-12-31")]),
        "marts.recent": (0, []),
        "marts.yearly": (1, [("2013", "2013")]),
        "marts.shares": (2, [("2012", "2013")]),
    }
