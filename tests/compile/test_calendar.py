"""Partitions as stretches of time: names, bounds, and the days on which clocks change."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.calendar import Calendar, ColumnType, Grain


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


FLOORS = [
    (Grain.HOUR, "2013-03-10T05:59:59.999999", "2013-03-10T05:00:00"),
    (Grain.DAY, "2012-02-29T23:59:59", "2012-02-29T00:00:00"),
    (Grain.MONTH, "2013-12-31T23:00:00", "2013-12-01T00:00:00"),
    (Grain.YEAR, "2013-12-31T23:00:00", "2013-01-01T00:00:00"),
    (Grain.ISOWEEK, "2013-01-01T05:00:00", "2012-12-31T00:00:00"),
    (Grain.ISOWEEK, "2012-12-30T23:59:59", "2012-12-24T00:00:00"),
    (Grain.WEEK, "2013-01-01T05:00:00", "2012-12-30T00:00:00"),
    (Grain.WEEK, "2012-12-30T00:00:00", "2012-12-30T00:00:00"),
    (Grain.WEEK_TUESDAY, "2013-01-01T05:00:00", "2013-01-01T00:00:00"),
    (Grain.WEEK_WEDNESDAY, "2013-01-01T05:00:00", "2012-12-26T00:00:00"),
    (Grain.WEEK_THURSDAY, "2012-03-01T00:00:00", "2012-03-01T00:00:00"),
    (Grain.WEEK_FRIDAY, "2012-03-01T00:00:00", "2012-02-24T00:00:00"),
    (Grain.WEEK_SATURDAY, "2012-03-02T23:00:00", "2012-02-25T00:00:00"),
    (Grain.QUARTER, "2013-12-31T23:00:00", "2013-10-01T00:00:00"),
    (Grain.QUARTER, "2012-05-31T00:00:00", "2012-04-01T00:00:00"),
]
SHIFTS = [
    (Grain.HOUR, "2013-12-31T23:00:00", 1, "2014-01-01T00:00:00"),
    (Grain.DAY, "2012-02-28", 1, "2012-02-29"),
    (Grain.DAY, "2013-02-28", 1, "2013-03-01"),
    (Grain.DAY, "2013-01-01", -1, "2012-12-31"),
    (Grain.MONTH, "2013-12-01", 1, "2014-01-01"),
    (Grain.MONTH, "2013-01-01", -1, "2012-12-01"),
    (Grain.MONTH, "2013-01-01", -25, "2010-12-01"),
    (Grain.MONTH, "2013-06-01", 7, "2014-01-01"),
    (Grain.YEAR, "2013-01-01", -13, "2000-01-01"),
    (Grain.ISOWEEK, "2009-12-28", 1, "2010-01-04"),
    (Grain.WEEK, "2012-02-26", 1, "2012-03-04"),
    (Grain.WEEK_SATURDAY, "2013-01-05", -1, "2012-12-29"),
    (Grain.QUARTER, "2013-10-01", 1, "2014-01-01"),
    (Grain.QUARTER, "2013-01-01", -5, "2011-10-01"),
]
CEILS = [
    (Grain.DAY, "2013-01-01T00:00:00", "2013-01-01T00:00:00"),
    (Grain.DAY, "2013-01-01T00:00:01", "2013-01-02T00:00:00"),
    (Grain.MONTH, "2013-01-15T00:00:00", "2013-02-01T00:00:00"),
    (Grain.YEAR, "2013-01-01T01:00:00", "2014-01-01T00:00:00"),
    (Grain.ISOWEEK, "2013-01-01T00:00:00", "2013-01-07T00:00:00"),
    (Grain.QUARTER, "2013-01-01T01:00:00", "2013-04-01T00:00:00"),
]
IDS = [
    (Grain.HOUR, "2013-03-10T05:00:00", "2013-03-10T05"),
    (Grain.DAY, "2012-02-29", "2012-02-29"),
    (Grain.MONTH, "2013-12-01", "2013-12"),
    (Grain.YEAR, "2013-01-01", "2013"),
    (Grain.ISOWEEK, "2012-12-31", "2012-12-31"),
    (Grain.WEEK, "2012-12-30", "2012-12-30"),
    (Grain.QUARTER, "2013-04-01", "2013-04"),
]
WEEKS = [grain for grain in Grain if grain.is_week]
DIVIDES = [
    pytest.param(Grain.HOUR, set(Grain), id="hours divide everything"),
    pytest.param(Grain.DAY, set(Grain) - {Grain.HOUR}, id="days divide all that is longer"),
    *(pytest.param(week, {week}, id=f"{week} divides nothing but itself") for week in WEEKS),
    pytest.param(Grain.MONTH, {Grain.MONTH, Grain.QUARTER, Grain.YEAR}, id="months divide quarters and years"),
    pytest.param(Grain.QUARTER, {Grain.QUARTER, Grain.YEAR}, id="quarters divide years"),
    pytest.param(Grain.YEAR, {Grain.YEAR}, id="years divide nothing but themselves"),
]
STORED = [
    *((grain, grain) for grain in (Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.YEAR)),
    *((week, Grain.DAY) for week in WEEKS),
    (Grain.QUARTER, Grain.MONTH),
]
BOUND = [
    (ColumnType.DATE, date(2013, 3, 10)),
    (ColumnType.DATETIME, at("2013-03-10T00:00:00")),
    (ColumnType.TIMESTAMP, at("2013-03-10T00:00:00+00:00")),
]
INSTANTS = [
    ("an ordinary day", "America/New_York", "2013-01-15T00:00:00", "2013-01-15T05:00:00"),
    ("a day in summer", "America/New_York", "2013-07-15T00:00:00", "2013-07-15T04:00:00"),
    ("a time that a change of clocks skips", "America/New_York", "2013-03-10T02:00:00", "2013-03-10T07:00:00"),
    ("the first time of two hours that are skipped", "Antarctica/Troll", "2013-03-31T01:00:00", "2013-03-31T01:00:00"),
    ("a time in the middle of them", "Antarctica/Troll", "2013-03-31T02:00:00", "2013-03-31T02:00:00"),
    ("the first time after them", "Antarctica/Troll", "2013-03-31T03:00:00", "2013-03-31T01:00:00"),
    ("a morning of a day that is skipped", "Pacific/Apia", "2011-12-30T05:00:00", "2011-12-30T15:00:00"),
    ("a time that there is twice: the first one", "America/New_York", "2013-11-03T01:00:00", "2013-11-03T05:00:00"),
    ("a day that begins at one o'clock", "America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00"),
    ("half an hour", "Asia/Kolkata", "2013-01-15T00:00:00", "2013-01-14T18:30:00"),
    ("the other side of the earth", "Pacific/Auckland", "2013-01-15T00:00:00", "2013-01-14T11:00:00"),
]
LENGTHS = [
    ("America/New_York", "2013-03-10", 23),
    ("America/New_York", "2013-11-03", 25),
    ("America/New_York", "2013-03-11", 24),
    ("Europe/Paris", "2026-03-29", 23),
    ("Europe/Paris", "2026-10-25", 25),
    ("America/Sao_Paulo", "2018-11-04", 23),
    ("UTC", "2013-03-10", 24),
]


def calendar(type_=ColumnType.DATE, grain=Grain.DAY, zone="America/New_York") -> Calendar:
    return Calendar("day", type_, grain, zone)


@pytest.mark.parametrize(("grain", "moment", "expected"), FLOORS)
def test_floor(grain, moment, expected):
    assert grain.floor(at(moment)) == at(expected)


@pytest.mark.parametrize(("grain", "start", "count", "expected"), SHIFTS)
def test_shift(grain, start, count, expected):
    assert grain.shift(at(start), count) == at(expected)


@pytest.mark.parametrize(("grain", "moment", "expected"), CEILS)
def test_ceil(grain, moment, expected):
    assert grain.ceil(at(moment)) == at(expected)


@pytest.mark.parametrize(("grain", "partition", "expected"), IDS)
def test_names_and_back(grain, partition, expected):
    cut = calendar(grain=grain)

    assert cut.id(at(partition)) == expected
    assert cut.parse(expected) == at(partition)


@pytest.mark.parametrize(("name", "grain"), [("week(sunday)", Grain.WEEK), ("week(monday)", Grain.ISOWEEK)])
def test_some_weeks_have_two_names(name, grain):
    assert Grain(name) is grain


@pytest.mark.parametrize("name", ["", "week()", "week(Tuesday)", "WEEK", "weeks", "isoyear"])
def test_names_that_no_grain_has(name):
    with pytest.raises(ValueError, match="is not a valid Grain"):
        Grain(name)


@pytest.mark.parametrize(("grain", "coarser"), DIVIDES)
def test_which_grains_consist_of_others(grain, coarser):
    assert {each for each in Grain if grain.divides(each)} == coarser


@pytest.mark.parametrize(("grain", "stored"), STORED)
def test_how_bigquery_stores_a_grain(grain, stored):
    assert grain.stored is stored
    assert grain.stored.divides(grain)
    assert grain.stored.id_length == grain.id_length


@pytest.mark.parametrize(("type_", "expected"), BOUND)
def test_what_parameters_are_bound_to(type_, expected):
    assert calendar(type_).value(at("2013-03-10")) == expected


@pytest.mark.parametrize(
    ("zone", "local", "instant"), [case[1:] for case in INSTANTS], ids=[case[0] for case in INSTANTS]
)
def test_local_times_as_instants(zone, local, instant):
    assert calendar(zone=zone).instant(at(local)) == at(instant)


def test_the_clock_of_a_timestamp_is_utc_whatever_the_zone():
    cut = calendar(ColumnType.TIMESTAMP)

    assert (cut.wall, cut.instant(at("2013-07-01")), cut.local(at("2013-07-01"))) == (
        "UTC",
        at("2013-07-01"),
        at("2013-07-01"),
    )


@pytest.mark.parametrize(("zone", "day", "hours"), LENGTHS)
def test_days_have_23_24_or_25_hours(zone, day, hours):
    cut = calendar(zone=zone)
    start = at(day)

    assert cut.instant(cut.next(start)) - cut.instant(start) == timedelta(hours=hours)


def test_a_range_begins_at_the_first_partition_that_is_whole():
    days = list(Grain.MONTH.range(at("2012-11-15"), at("2013-02-01")))

    assert days == [at("2012-12-01"), at("2013-01-01")]


def test_an_empty_range():
    assert list(Grain.DAY.range(at("2013-01-02"), at("2013-01-02"))) == []


MOMENTS = st.datetimes(at("1990-01-01"), at("2040-01-01"))
ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
)


@given(MOMENTS, st.sampled_from(Grain))
def test_a_moment_lies_in_exactly_its_partition(moment, grain):
    start = grain.floor(moment)

    assert start <= moment < grain.shift(start, 1)
    assert grain.floor(start) == start
    assert calendar(grain=grain).parse(calendar(grain=grain).id(start)) == start


@given(MOMENTS, st.sampled_from(Grain), st.integers(-500, 500))
def test_shifting_there_and_back(moment, grain, count):
    start = grain.floor(moment)

    assert grain.shift(grain.shift(start, count), -count) == start


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=400)), st.sampled_from(Grain))
def test_a_range_covers_its_interval(start, length, grain):
    end = start + length
    found = list(grain.range(start, end))

    assert found == [each for each in found if start <= each < end and grain.floor(each) == each]
    assert all(grain.shift(one, 1) == other for one, other in itertools.pairwise(found))
    if found:
        assert grain.shift(found[0], -1) < start
        assert grain.shift(found[-1], 1) >= end
    else:
        assert grain.ceil(start) >= end


@given(MOMENTS, st.sampled_from(Grain), st.sampled_from(Grain))
def test_a_grain_that_divides_another_begins_where_it_begins(moment, grain, coarser):
    start = coarser.floor(moment)
    if grain.divides(coarser):
        assert grain.floor(start) == start
        assert coarser.floor(grain.floor(moment)) == start
    else:
        starts = coarser.range(moment, moment + timedelta(days=366 * 12))
        assert any(grain.floor(each) != each for each in starts)


@given(st.lists(MOMENTS, min_size=2), st.sampled_from(Grain))
def test_ids_sort_by_time(moments, grain):
    starts = sorted(map(grain.floor, moments))
    ids = [calendar(grain=grain).id(each) for each in starts]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(set(starts))


@given(MOMENTS, ZONES)
def test_an_instant_is_the_same_instant_on_any_clock(moment, zone):
    cut = calendar(zone=zone)

    assert cut.instant(cut.local(moment)) in (moment, moment - timedelta(hours=1), moment - timedelta(minutes=30))
    assert cut.local(moment) == moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@given(MOMENTS, ZONES, st.sampled_from(Grain))
def test_partitions_on_a_local_clock_leave_no_gap_and_do_not_overlap(moment, zone, grain):
    cut = calendar(ColumnType.DATETIME, grain, zone)
    start = grain.floor(moment)

    assert cut.instant(start) <= cut.instant(cut.next(start))
