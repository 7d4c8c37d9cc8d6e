"""Names of the partitions that are read, where they are known without arithmetic: they are those that it gives."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import SAME
from aggregator.plan.maps import read_partitions
from aggregator.plan.reads import Holding, reads_through

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata")
CALENDARS = st.builds(
    Calendar, st.just("day"), st.sampled_from(ColumnType), st.sampled_from(Grain), st.sampled_from(ZONES)
)
MOMENTS = st.datetimes(datetime.fromisoformat("1999-12-01"), datetime.fromisoformat("2030-01-31"))


@given(CALENDARS, CALENDARS, MOMENTS)
def test_names_are_those_of_the_arithmetic(reader, source, moment):
    partition = reader.grain.floor(moment)

    expected = read_partitions(SAME, reader, source, partition)

    assert expected == reads_through(SAME, reader, source)[reader.id(partition)]


def test_hours_of_a_day_are_found_by_name():
    hourly, daily = (Calendar("t", ColumnType.TIMESTAMP, grain, "UTC") for grain in (Grain.HOUR, Grain.DAY))

    assert isinstance(reads_through(SAME, hourly, daily), Holding)
    assert not isinstance(reads_through(SAME, daily, hourly), Holding)
