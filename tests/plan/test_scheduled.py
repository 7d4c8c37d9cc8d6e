"""Which partitions fall to an interval of a schedule, and which others a run waits for."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from lab import Lab, daily, graph_of, model, name, source

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import SAME, PartitionMap, Reach
from aggregator.core.warehouse import WHOLE
from aggregator.plan.maps import read_partitions
from aggregator.plan.scheduled import awaited, fallen_due, missing

GRAINS = [Grain.HOUR, Grain.DAY, Grain.ISOWEEK, Grain.MONTH]
ZONES = ["UTC", "America/New_York"]
BELOW, ABOVE = name("marts.below"), name("marts.above")
BEGIN = datetime(2013, 1, 1)  # noqa: DTZ001  (on the tables' own clocks)
NOW = datetime(2024, 1, 7, tzinfo=UTC)
SELECT = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A model that reads another one, both by day."""
    files = {
        "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2013-01-01")),
        "models/marts/below.sql": model(SELECT.format("lake.facts"), partition=daily("day", "2013-01-01")),
        "models/marts/above.sql": model(SELECT.format("marts.below"), partition=daily("day", "2013-01-01")),
    }
    return graph_of(tmp_path_factory.mktemp("pair"), files)


def calendar(grain: Grain, zone: str) -> Calendar:
    return Calendar("day", ColumnType.DATETIME, grain, zone)


def recut(graph, below: Calendar, above: Calendar, map_: PartitionMap):
    """The same two models, cut otherwise; the source is as long as it needs to be."""
    models = dict(graph.models)
    for table, cut in ((BELOW, below), (ABOVE, above)):
        old = models[table]
        partition = dataclasses.replace(old.model.partition, grain=cut.grain, zone=cut.zone, start=BEGIN)
        inputs = tuple(dataclasses.replace(edge, map=map_ if table == ABOVE else SAME) for edge in old.inputs)
        changed = dataclasses.replace(old.model, partition=partition)
        models[table] = dataclasses.replace(old, model=changed, calendar=cut, inputs=inputs)
    lake = name("lake.facts")
    source_calendar = Calendar("day", ColumnType.DATETIME, Grain.HOUR, "UTC")
    return dataclasses.replace(graph, models=models, calendars={lake: source_calendar, BELOW: below, ABOVE: above})


MAPS = st.one_of(
    st.just(SAME),
    st.builds(
        PartitionMap, st.sampled_from([Reach.LAST, Reach.OFFSET]), st.integers(1, 3), st.sampled_from(GRAINS)
    ).map(lambda map_: dataclasses.replace(map_, unit=map_.unit.unit)),
)
SCHEDULES = st.tuples(st.sampled_from(GRAINS), st.sampled_from(ZONES), st.integers(0, 5))


def intervals(grain: Grain, zone: str, offset: int, start: datetime, number: int):
    """What a cron expression makes of time: every hour, day, week or month of a zone, some hours after it began."""
    clock = calendar(grain, zone)
    first = grain.floor(start)
    moments = [clock.instant(grain.shift(first, each)) + timedelta(hours=offset) for each in range(number + 1)]
    return list(itertools.pairwise(moments))


@pytest.mark.parametrize("grains", list(itertools.product(GRAINS, GRAINS)), ids=lambda pair: f"{pair[0]} on {pair[1]}")
@hypothesis.settings(max_examples=8)
@hypothesis.given(
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    map_=MAPS,
    schedule=SCHEDULES,
    start=st.sampled_from(["2013-03-08", "2013-11-01", "2013-12-28", "2014-06-14"]).map(datetime.fromisoformat),
)
def test_a_wait_names_exactly_the_partitions_of_the_map(pair, grains, zones, map_, schedule, start):
    reader, read = map(calendar, grains, zones)
    graph = recut(pair, read, reader, map_)
    for begin, end in intervals(*schedule, start, 3):
        built = fallen_due(graph, ABOVE, (begin, end), NOW)
        named = {each for partition in built for each in read_partitions(map_, reader, read, reader.parse(partition))}
        there = {each for each in named if read.parse(each) >= read.grain.ceil(BEGIN)}

        assert set(awaited(graph, ABOVE, built, BELOW)) == there
        if map_.reach is not Reach.OFFSET:
            assert all(read.instant(read.next(read.parse(each))) <= end for each in there), "it waits for the future"


@pytest.mark.parametrize("grain", GRAINS, ids=str)
@hypothesis.settings(max_examples=10)
@hypothesis.given(zone=st.sampled_from(ZONES), schedule=SCHEDULES)
def test_every_partition_falls_to_one_interval(pair, grain, zone, schedule):
    clock = calendar(grain, zone)
    graph = recut(pair, clock, clock, SAME)
    tiles = intervals(*schedule, datetime(2013, 1, 1), 12)  # noqa: DTZ001

    found = [each for tile in tiles for each in fallen_due(graph, BELOW, tile, NOW)]

    due = fallen_due(graph, BELOW, (tiles[0][0], tiles[-1][1]), NOW)
    assert found == list(due)
    assert all(tiles[0][0] < clock.instant(clock.next(clock.parse(each))) <= tiles[-1][1] for each in found)


def test_the_day_that_is_over_and_not_the_one_that_begins(pair):
    graph = recut(pair, calendar(Grain.DAY, "America/New_York"), calendar(Grain.DAY, "America/New_York"), SAME)

    found = fallen_due(graph, BELOW, (datetime(2013, 3, 10, 5), datetime(2013, 3, 11, 4)), NOW)  # noqa: DTZ001

    assert found == ("2013-03-10",)


def test_what_expires_falls_due_once_and_not_long_after(pair):
    clock = calendar(Grain.DAY, "UTC")
    graph = recut(pair, clock, clock, SAME)
    old = graph.models[BELOW]
    partition = dataclasses.replace(old.model.partition, expire=10 * 86400)
    expiring = dataclasses.replace(old, model=dataclasses.replace(old.model, partition=partition))
    graph = dataclasses.replace(graph, models={**graph.models, BELOW: expiring})
    tiles = intervals(Grain.DAY, "UTC", 0, datetime(2013, 6, 1), 40)  # noqa: DTZ001

    in_time = [fallen_due(graph, BELOW, tile, tile[1]) for tile in tiles]
    long_after = [fallen_due(graph, BELOW, tile, datetime(2013, 6, 16)) for tile in tiles]  # noqa: DTZ001

    days = [f"{tile[0]:%Y-%m-%d}" for tile in tiles]
    assert in_time == [(day,) for day in days]
    assert long_after == [() if day < "2013-06-07" else (day,) for day in days]


FILES = {
    "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-04,4\n",
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01"), local="facts.csv", owner="lake@example.com"
    ),
    "models/marts/below.sql": model(
        SELECT.format("lake.facts"),
        partition=daily("day", "2024-01-01"),
        checks=[{"expect_table_row_count_to_be_between": {"min_value": 1}}],
    ),
    "models/marts/above.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n FROM marts.below",
        partition=daily("day", "2024-01-01"),
        inputs={"marts.below": {"last": "3 days"}},
    ),
    "models/marts/whole.sql": model("SELECT SUM(n) AS n FROM marts.below"),
    "models/marts/of_whole.sql": model(
        "SELECT f.day, SUM(f.n + w.n) AS n FROM lake.facts AS f CROSS JOIN marts.whole AS w GROUP BY f.day",
        partition=daily("day", "2024-01-01"),
    ),
}

EXPIRING = daily("day", "2024-01-01", expire="3 days")


@pytest.fixture
def lab(tmp_path):
    return Lab(graph_of(tmp_path, FILES))


def lacking(lab, table, *partitions):
    with lab.engine() as engine:
        snapshot = dataclasses.replace(engine.snapshot(), now=NOW)
    found = missing(lab.graph, snapshot, name(table), partitions)
    return str(found) if found else ""


def test_what_lies_before_a_table_begins_is_not_awaited(lab):
    assert awaited(lab.graph, ABOVE, ["2024-01-02"], BELOW) == ("2024-01-01", "2024-01-02")
    assert awaited(lab.graph, ABOVE, ["2024-01-04", "2024-01-05"], BELOW) == (
        *("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"),
    )
    assert awaited(lab.graph, ABOVE, [], BELOW) == ()
    assert awaited(lab.graph, name("marts.of_whole"), ["2024-01-02"], name("marts.whole")) == (WHOLE,)


def test_a_source_is_there_as_far_as_it_has_rows(lab):
    assert lacking(lab, "lake.facts", "2024-01-01", "2024-01-03") == ""
    assert lacking(lab, "lake.facts", "2024-01-04", "2024-01-05") == (
        "lake.facts@2024-01-05 has not arrived (owner: lake@example.com)"
    )


def test_a_partition_of_a_model_is_there_when_it_was_built_after_it_was_over(lab):
    assert lacking(lab, "marts.below", "2024-01-01", "2024-01-02") == (
        "marts.below@2 partitions from 2024-01-01 to 2024-01-02 was not built yet (owner: a@example.com)"
    )
    lab.run(select=["marts.below"], now=NOW)

    assert lacking(lab, "marts.below", "2024-01-01", "2024-01-02") == ""
    assert "failed when it was built last: marts.below@2024-01-03: the number of rows is 0" in lacking(
        lab, "marts.below", "2024-01-03"
    )
    assert lacking(lab, "marts.below", "2024-01-06") != ""


def test_what_has_expired_is_not_missing(lab):
    files = {**FILES, "models/marts/below.sql": model(SELECT.format("lake.facts"), partition=EXPIRING)}
    later = Lab(graph_of(lab.graph.project.root, files))

    assert lacking(later, "marts.below", "2024-01-01", "2024-01-03") == ""
    assert "marts.below@2024-01-05 was not built yet" in lacking(later, "marts.below", "2024-01-03", "2024-01-05")


def test_rows_that_someone_else_changed_are_not_there(lab):
    lab.run(select=["marts.below"], now=NOW)
    lab.execute("DELETE FROM marts.below WHERE day = '2024-01-02'")

    assert "was changed by someone else" in lacking(lab, "marts.below", "2024-01-02")


def test_a_whole_table_is_there_once_it_was_built(lab):
    assert lacking(lab, "marts.whole", WHOLE) == "marts.whole was not built yet (owner: a@example.com)"
    lab.run(select=["marts.whole"], now=NOW)

    assert lacking(lab, "marts.whole", WHOLE) == ""
