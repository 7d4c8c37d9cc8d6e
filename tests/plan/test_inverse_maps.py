"""Which partitions read one of an input: exactly those of which the map names it."""

from __future__ import annotations

from datetime import datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st

from aggregator.compile.filters import impossible
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import PREVIOUS, SAME, PartitionMap, Reach
from aggregator.plan.inverse import readers_of, readers_of_stretch
from aggregator.plan.maps import read_partitions
from aggregator.plan.stretches import Stretch

AROUND = {
    "clocks go forward in New York and, at midnight, in Havana": "2013-03-10",
    "clocks go forward in Paris, and by two hours in Troll": "2013-03-31",
    "clocks go back in Paris, and at 01:00 to midnight on the Azores": "2013-10-27",
    "clocks go back in New York, and at 01:00 to midnight in Havana": "2013-11-03",
    "clocks go forward at midnight in Sao Paulo": "2013-10-20",
    "clocks go back by half an hour on Lord Howe": "2013-04-07",
    "a day is left out in Apia": "2011-12-30",
    "a leap day": "2012-02-29",
    "the end of a short February": "2013-02-28",
    "the end of a March": "2013-03-31",
    "a year's end": "2014-01-01",
    "the end of a year of 53 weeks": "2010-01-03",
    "a day like others": "2013-06-12",
}
ZONES = [
    *("UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "America/Havana", "Atlantic/Azores"),
    *("America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Apia", "Antarctica/Troll"),
]
LENGTHS = {Grain.HOUR: 50, Grain.DAY: 9, Grain.WEEK: 2, Grain.MONTH: 3, Grain.QUARTER: 2, Grain.YEAR: 1}
"""What lengths are counted in, and how many of them at most."""

DAYS = Calendar("d", ColumnType.DATE, Grain.DAY, "UTC")
MONTHS = Calendar("d", ColumnType.DATE, Grain.MONTH, "UTC")
HOURS = Calendar("d", ColumnType.TIMESTAMP, Grain.HOUR, "UTC")
NEW_YORK = Calendar("d", ColumnType.DATE, Grain.DAY, "America/New_York")
TABLES = Calendar("_TABLE_SUFFIX", ColumnType.DATE, Grain.DAY, "Asia/Kolkata", "%Y%m%d")
ARRIVAL = Calendar("_PARTITIONTIME", ColumnType.TIMESTAMP, Grain.HOUR, "Europe/Paris")


def grains(type_: ColumnType) -> list[Grain]:
    return [grain for grain in Grain if (type_, grain) != (ColumnType.DATE, Grain.HOUR)]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    type_ = draw(st.sampled_from(list(ColumnType)))
    drawn = Calendar("moment", type_, draw(st.sampled_from(grains(type_))), draw(st.sampled_from(ZONES)))
    return draw(st.one_of(st.just(drawn), st.sampled_from([TABLES, ARRIVAL])))


@st.composite
def maps(draw: st.DrawFn) -> PartitionMap:
    reach = draw(st.sampled_from([Reach.SAME, Reach.LAST, Reach.OFFSET, Reach.LATEST, Reach.PREVIOUS]))
    if reach in (Reach.SAME, Reach.PREVIOUS):
        return PartitionMap(reach)
    unit = draw(st.sampled_from(list(LENGTHS)))
    return PartitionMap(reach, draw(st.integers(1, LENGTHS[unit])), unit)


moments = st.builds(
    lambda day, hours: datetime.fromisoformat(day) + timedelta(hours=hours),
    st.sampled_from(sorted(AROUND.values())),
    st.integers(-60, 60),
)


@hypothesis.settings(max_examples=80)
@hypothesis.given(map_=maps(), reader=calendars(), source=calendars(), moment=moments)
def test_what_is_read_has_its_reader(map_, reader, source, moment):
    source = reader if map_ == PREVIOUS else source
    hypothesis.assume(impossible(map_, reader, source) == ("", ""))
    partition = reader.grain.floor(moment)
    read = read_partitions(map_, reader, source, partition)

    for each in dict.fromkeys((*read[:3], *read[-3:])):
        assert reader.id(partition) in readers_of(map_, reader, source, source.parse(each))


@hypothesis.settings(max_examples=80)
@hypothesis.given(map_=maps(), reader=calendars(), source=calendars(), moment=moments)
def test_who_reads_it_names_it(map_, reader, source, moment):
    """And those beside them do not."""
    source = reader if map_ == PREVIOUS else source
    hypothesis.assume(impossible(map_, reader, source) == ("", ""))
    partition = source.grain.floor(moment)
    readers = readers_of(map_, reader, source, partition)
    others = {reader.id(reader.grain.shift(reader.parse(each), by)) for each in readers[:1] for by in (-1, -2)}
    others |= {reader.id(reader.grain.shift(reader.parse(each), by)) for each in readers[-1:] for by in (1, 2)}

    for each in dict.fromkeys((*readers[:3], *readers[-3:], *others)):
        named = read_partitions(map_, reader, source, reader.parse(each))
        assert (source.id(partition) in named) == (each in readers)


@hypothesis.settings(max_examples=40)
@hypothesis.given(map_=maps(), reader=calendars(), source=calendars(), moment=moments, more=st.integers(1, 5))
def test_readers_of_some_are_those_of_each(map_, reader, source, moment, more):
    source = reader if map_ == PREVIOUS else source
    hypothesis.assume(impossible(map_, reader, source) == ("", ""))
    first = source.grain.floor(moment)
    asked = Stretch(first, source.grain.shift(first, more))
    found = readers_of_stretch(map_, reader, source, asked)

    assert {reader.id(each) for stretch in found for each in stretch.partitions(reader.grain)} == {
        each for partition in asked.partitions(source.grain) for each in readers_of(map_, reader, source, partition)
    }


@pytest.mark.parametrize(
    ("map_", "reader", "source", "partition", "expected"),
    [
        pytest.param(SAME, MONTHS, DAYS, "2012-02-29", ["2012-02"], id="the month of a leap day"),
        pytest.param(
            SAME, DAYS, MONTHS, "2013-02", [f"2013-02-{day:02}" for day in range(1, 29)], id="days of a month"
        ),
        pytest.param(
            *(
                PartitionMap(Reach.LAST, 3, Grain.DAY),
                DAYS,
                DAYS,
                "2012-02-28",
                ["2012-02-28", "2012-02-29", "2012-03-01"],
            ),
            id="three days see a day",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 1, Grain.MONTH), DAYS, DAYS, "2013-02-28"),
            ["2013-03-28", "2013-03-29", "2013-03-30", "2013-03-31"],
            id="the last of February stands for the days that it lacks",
        ),
        pytest.param(
            *(PartitionMap(Reach.OFFSET, 1, Grain.MONTH), DAYS, DAYS, "2013-01-31", []), id="nobody reads January 31"
        ),
        pytest.param(PREVIOUS, DAYS, DAYS, "2013-12-31", ["2014-01-01"], id="the day after is made from it"),
        pytest.param(SAME, NEW_YORK, HOURS, "2013-11-03T04", ["2013-11-03"], id="the first hour of a local day"),
        pytest.param(
            SAME,
            HOURS,
            NEW_YORK,
            "2013-03-10",
            [f"2013-03-10T{h:02}" for h in range(5, 24)] + [f"2013-03-11T{h:02}" for h in range(4)],
            id="23 hours read a local day",
        ),
    ],
)
def test_readers(map_, reader, source, partition, expected):
    assert list(readers_of(map_, reader, source, source.parse(partition))) == expected
