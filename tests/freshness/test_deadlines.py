"""Until when a partition must be there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.declared import Freshness, TimeOfDay
from aggregator.core.freshness import length, said
from aggregator.freshness.deadlines import Deadlines, at_time, of_partition, of_writing

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
DAYS = Calendar("d", ColumnType.DATE, Grain.DAY, NEW_YORK)
SIX = TimeOfDay(6 * 60)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CASES = [
    pytest.param(DAYS, "2013-01-01", Freshness(by=SIX), None, "2013-01-02T11:00", id="the morning after a day"),
    pytest.param(
        DAYS,
        "2013-01-01",
        Freshness(by=TimeOfDay(6 * 60, zone=BERLIN)),
        None,
        "2013-01-02T05:00",
        id="a day that ends at six in Berlin",
    ),
    pytest.param(
        DAYS, "2013-01-01", Freshness(by=TimeOfDay(0)), None, "2013-01-02T05:00", id="midnight is when the day is over"
    ),
    pytest.param(
        DAYS, "2013-01-01", Freshness(by=TimeOfDay(360, days=2)), None, "2013-01-04T11:00", id="two days later"
    ),
    pytest.param(DAYS, "2013-03-09", Freshness(by=SIX), None, "2013-03-10T10:00", id="the morning clocks went ahead"),
    pytest.param(DAYS, "2013-11-02", Freshness(by=SIX), None, "2013-11-03T11:00", id="the morning clocks went back"),
    pytest.param(
        DAYS,
        "2013-01-01",
        Freshness(26 * 3600, 48 * 3600),
        "2013-01-02T07:00",
        "2013-01-03T05:00",
        id="an age counts from the end of the day before",
    ),
    pytest.param(
        DAYS, "2013-01-01", Freshness(None, 48 * 3600, SIX), None, "2013-01-02T11:00", id="the earlier of two errors"
    ),
    pytest.param(
        Calendar("m", ColumnType.DATE, Grain.MONTH, "UTC"),
        "2013-02",
        Freshness(by=TimeOfDay(360, days=2)),
        None,
        "2013-03-03T06:00",
        id="a month has until the third of the next",
    ),
    pytest.param(
        Calendar("h", ColumnType.TIMESTAMP, Grain.HOUR, "UTC"),
        "2013-02-01T07",
        Freshness(by=SIX),
        None,
        "2013-02-02T06:00",
        id="an hour of the day has until the next morning",
    ),
    pytest.param(DAYS, "2013-01-01", Freshness(), None, None, id="no promise is never broken"),
]


@pytest.mark.parametrize(("calendar", "partition", "promise", "warn", "error"), CASES)
def test_deadlines_of_a_partition(calendar, partition, promise, warn, error):
    found = of_partition(promise, calendar, calendar.parse(partition))

    assert found == Deadlines(warn and utc(warn), error and utc(error))


@given(
    st.integers(0, 2 * 365 * 86400).map(lambda seconds: utc("2012-01-01") + timedelta(seconds=seconds)),
    st.integers(0, 1439),
    st.integers(0, 40),
    st.sampled_from(["UTC", NEW_YORK, BERLIN, "Australia/Lord_Howe"]),
)
def test_a_time_of_day_is_not_before_and_at_most_a_day_after(begin, minutes, days, zone):
    """Where clocks change, a day has up to 25 hours."""
    found = at_time(TimeOfDay(minutes, days), begin, zone) - begin - timedelta(days=days)

    assert timedelta(hours=-1) <= found <= timedelta(hours=25)


def test_a_table_without_partitions_is_written_every_day():
    found = of_writing(Freshness(3600, 7200, SIX), utc("2013-01-01T12:00"), NEW_YORK)

    assert found == Deadlines(utc("2013-01-01T13:00"), utc("2013-01-01T14:00"))
    assert of_writing(Freshness(by=SIX), utc("2013-01-01T12:00"), NEW_YORK).error == utc("2013-01-02T11:00")


def test_a_promise_in_words():
    promise = Freshness(26 * 3600, 48 * 3600, TimeOfDay(390, 1, BERLIN))

    assert said(promise) == "warn after 1 d 2 h, error after 2 d, by 1 day 06:30 Europe/Berlin"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (90, "1 min 30 s"), (1800, "30 min"), (7500, "2 h 5 min"), (90000, "1 d 1 h")],
)
def test_lengths(seconds, text):
    assert length(seconds) == text
