"""Which periods consist of which: every pair of grains, over a quarter of a century, beside Python's own calendar."""

from __future__ import annotations

import functools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging import NOWHERE, Warehouse, word

from aggregator.aggregates.buckets import Buckets, buckets
from aggregator.core.aggregate import Aggregate, RollupDeclaration
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import PartitionMap, Reach
from aggregator.plan.maps import bounds

DAY = timedelta(days=1)
FIRST, LAST = date(2008, 1, 1), date(2033, 12, 31)
DAYS = [FIRST + number * DAY for number in range((LAST - FIRST).days + 1)]
"""With leap days, and with years of 53 ISO weeks: 2009, 2015, 2020, 2026 and 2032."""

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
GRAINS = [*map(Grain, ("hour", "day", "isoweek", "week", "month", "quarter", "year"))] + [
    Grain(f"week({day})") for day in WEEKDAYS[1:-1]
]
DATES = [grain for grain in GRAINS if grain is not Grain.HOUR]
WHOLE_HOURS = ["America/New_York", "Europe/Paris", "America/Havana", "Australia/Sydney", "Asia/Tokyo"]
HALF_HOURS = ["Asia/Kolkata", "Australia/Adelaide", "Asia/Kathmandu", "Australia/Lord_Howe"]


@functools.cache
def first_of(grain: Grain, day: date) -> date:
    """The first day of the bucket that holds a day."""
    match grain:
        case Grain.DAY:
            return day
        case Grain.ISOWEEK:
            year, week, _ = day.isocalendar()
            return date.fromisocalendar(year, week, 1)
        case Grain.MONTH:
            return date(day.year, day.month, 1)
        case Grain.QUARTER:
            return date(day.year, {1: 1, 2: 4, 3: 7, 4: 10}[(day.month + 2) // 3], 1)
        case Grain.YEAR:
            return date(day.year, 1, 1)
    begins = "sunday" if grain is Grain.WEEK else grain.value[len("week(") : -1]
    return next(day - n * DAY for n in range(7) if WEEKDAYS[(day - n * DAY).weekday()] == begins)


def last_of(grain: Grain, day: date) -> date:
    """The last day of the bucket that holds a day."""
    return end_of(grain, first_of(grain, day))


@functools.cache
def end_of(grain: Grain, start: date) -> date:
    """The last day of the bucket that begins on a day."""
    return next(start + (n - 1) * DAY for n in range(1, 367) if first_of(grain, start + n * DAY) != start)


def nests(fine: Grain, coarse: Grain) -> bool:
    """Whether no bucket ever lies in two of the coarser ones."""
    if Grain.HOUR in (fine, coarse):
        return fine is Grain.HOUR
    homes = {(first_of(fine, day), first_of(coarse, day)) for day in DAYS}
    return max(Counter(start for start, _ in homes).values()) == 1


def of(start: str = "2008-01-01", **known: object) -> Aggregate:
    return Aggregate((), "t", (), start=datetime.fromisoformat(start), **known)


def declared(to: Grain, **more: object) -> RollupDeclaration:
    return RollupDeclaration(word("marts.daily"), NOWHERE, to=to, **more)


def rolling(count: int, unit: Grain | None = None, **more: object) -> RollupDeclaration:
    return RollupDeclaration(word("marts.daily"), NOWHERE, rolling=PartitionMap(Reach.LAST, count, unit), **more)


def by(grain: Grain, zone: str = "UTC", type_: ColumnType | None = None) -> Calendar:
    return Calendar("t", type_ or (ColumnType.TIMESTAMP if grain is Grain.HOUR else ColumnType.DATE), grain, zone)


def sound(found: Buckets | tuple[str, str]) -> Buckets:
    assert isinstance(found, Buckets), found
    return found


def answers(sql: str, column: str, type_: str, values: list[object], **parameters: object) -> list[object]:
    """An expression over a column, for each of its values."""
    warehouse = Warehouse.new()
    warehouse.fill("moments", {"row": "BIGINT", column: type_}, list(enumerate(values)))
    warehouse.keep("answers", f"SELECT row, {sql} AS answer FROM moments", **parameters)
    return [each["answer"] for each in sorted(warehouse.rows("answers"), key=lambda each: each["row"])]


def instants(year: int) -> list[datetime]:
    start = datetime(year, 1, 1, tzinfo=UTC)
    return [start + timedelta(hours=n) for n in range(366 * 24)]


def starts(grain: Grain) -> list[date]:
    """The buckets that lie within all days as a whole."""
    found = sorted({first_of(grain, day) for day in DAYS})
    return [start for start in found if start >= FIRST and last_of(grain, start) <= LAST]


@pytest.mark.parametrize("fine", GRAINS, ids=str)
def test_accepted_are_the_pairs_that_nest(fine: Grain):
    accepted = {coarse for coarse in GRAINS if isinstance(buckets(declared(coarse), of(), by(fine)), Buckets)}

    assert accepted == {coarse for coarse in GRAINS if nests(fine, coarse)}


def test_all_grains_are_tried():
    assert {*GRAINS} == {*Grain}


@pytest.mark.parametrize("coarse", DATES, ids=str)
@pytest.mark.parametrize("type_", ["DATE", "DATETIME", "TIMESTAMP"])
def test_every_day_is_in_its_bucket(coarse: Grain, type_: str):
    source = by(Grain.DAY, type_=ColumnType(type_))
    found = sound(buckets(declared(coarse, column="bucket"), of(), source))
    noon = timedelta(hours=12)
    moments = DAYS if type_ == "DATE" else [datetime.combine(day, datetime.min.time(), UTC) + noon for day in DAYS]
    stored = {"DATE": "DATE", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ"}[type_]
    moments = [each.replace(tzinfo=None) for each in moments] if type_ == "DATETIME" else moments

    if coarse is Grain.DAY:
        assert (found.sql, found.calendar.type) == ("t", type_)
    else:
        assert [first_of(coarse, day) for day in DAYS] == answers(found.sql, "t", stored, moments)


@pytest.mark.parametrize(
    ("fine", "coarse"),
    [(fine, coarse) for fine in DATES for coarse in DATES if nests(fine, coarse) and fine is not coarse],
    ids=str,
)
def test_age_and_number_of_partitions(fine: Grain, coarse: Grain):
    found = sound(buckets(declared(coarse, column="bucket"), of(), by(fine)))
    partitions, coarser = starts(fine), starts(coarse)
    ages = answers(found.bucket.age, "t", "DATE", partitions)
    periods = answers(found.bucket.periods, "bucket", "DATE", coarser)
    counted = Counter(first_of(coarse, start) for start in partitions)

    assert [(last_of(coarse, start) - last_of(fine, start)).days for start in partitions] == ages
    assert [counted[start] for start in coarser] == periods
    assert max((last_of(coarse, start) - start).days + 1 for start in coarser) == found.bucket.days


@pytest.mark.parametrize("coarse", [Grain.MONTH, Grain.QUARTER, Grain.YEAR], ids=str)
def test_a_month_that_was_made_of_days_still_has_days(coarse: Grain):
    found = sound(buckets(declared(coarse, column="bucket"), of(base=Grain.DAY), by(Grain.MONTH)))
    coarser = starts(coarse)
    periods = answers(found.bucket.periods, "bucket", "DATE", coarser)

    assert [(last_of(coarse, start) - start).days + 1 for start in coarser] == periods


@pytest.mark.parametrize("zone", WHOLE_HOURS)
@pytest.mark.parametrize("to", ["day", "isoweek", "month"])
def test_hours_are_in_the_day_of_their_zone(zone: str, to: str):
    found = sound(buckets(declared(Grain(to), zone=zone), of(), by(Grain.HOUR)))
    hours = instants(2013)
    days = [first_of(Grain(to), moment.astimezone(ZoneInfo(zone)).date()) for moment in hours]
    ends = [first_of(Grain(to), (each + timedelta(minutes=59)).astimezone(ZoneInfo(zone)).date()) for each in hours]

    assert days == ends
    assert days == answers(found.sql, "t", "TIMESTAMPTZ", hours)


@pytest.mark.parametrize("zone", WHOLE_HOURS)
def test_days_have_as_many_hours_as_their_zone_says(zone: str):
    found = sound(buckets(declared(Grain.DAY, zone=zone), of(), by(Grain.HOUR)))
    counted = Counter(moment.astimezone(ZoneInfo(zone)).date() for moment in instants(2013))
    whole = sorted(counted)[1:-1]

    assert {counted[day] for day in whole} == ({24} if zone == "Asia/Tokyo" else {23, 24, 25})
    assert [counted[day] for day in whole] == answers(found.bucket.periods, found.calendar.column, "DATE", whole)


@pytest.mark.parametrize("zone", HALF_HOURS)
def test_hours_straddle_days_where_clocks_are_half_an_hour_apart(zone: str):
    refused = buckets(declared(Grain.DAY, zone=zone), of(), by(Grain.HOUR))

    assert refused == (
        f"{zone} is not whole hours from UTC, so hours straddle its days",
        "aggregate the rows themselves",
    )
    assert buckets(declared(Grain.MONTH), of(), by(Grain.HOUR, zone)) == refused


@pytest.mark.parametrize(("start", "is_whole"), [("1981-06-01", False), ("1983-01-01", True)])
def test_what_clocks_did_before_the_table_begins_does_not_matter(start: str, is_whole: bool):
    found = buckets(declared(Grain.DAY, zone="Asia/Singapore"), of(start), by(Grain.HOUR))

    assert isinstance(found, Buckets) is is_whole


@pytest.mark.parametrize("count", [1, 7, 28])
def test_days_that_roll_along_are_as_old_as_they_are(count: int):
    found = sound(buckets(rolling(count, Grain.DAY), of(), by(Grain.DAY, "America/New_York")))
    anchor = date(2013, 3, 12)
    days = [anchor - n * DAY for n in range(count)]
    ages = answers(found.bucket.age, "t", "DATE", days, start=anchor)

    assert [*range(count)] == ages
    assert (found.sql, found.bucket.periods, found.bucket.days) == ("@start", str(count), count)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2013, 3, 9), 48, id="before clocks go forward"),
        pytest.param(date(2013, 3, 10), 47, id="the day on which clocks go forward"),
        pytest.param(date(2013, 3, 11), 47, id="the day after"),
        pytest.param(date(2013, 3, 12), 48, id="two days after"),
        pytest.param(date(2013, 11, 4), 49, id="the day after clocks go back"),
    ],
)
def test_two_days_of_hours_over_a_change_of_clocks(day: date, hours: int):
    days = by(Grain.DAY, "America/New_York")
    found = sound(buckets(rolling(2, Grain.DAY), of(base=Grain.HOUR), days))

    assert [hours] == answers(found.bucket.periods, "t", "DATE", [day], end=day + DAY)


@pytest.mark.parametrize("type_", ["TIMESTAMP", "DATETIME"])
def test_two_months_of_hours(type_: str):
    hours = by(Grain.HOUR, type_=ColumnType(type_))
    found = sound(buckets(rolling(2, Grain.MONTH), of(), hours))
    end = datetime(2012, 3, 15, 5, tzinfo=UTC if type_ == "TIMESTAMP" else None)

    assert answers(found.bucket.periods, "t", "BIGINT", [1], end=end) == [24 * 60]


@pytest.mark.parametrize(
    ("length", "day", "periods"),
    [
        pytest.param(PartitionMap(Reach.LAST, 28, Grain.DAY), date(2013, 3, 12), 28, id="28 days"),
        pytest.param(PartitionMap(Reach.LAST, 2, Grain.WEEK), date(2013, 3, 12), 14, id="two weeks"),
        pytest.param(PartitionMap(Reach.LAST, 1, Grain.MONTH), date(2013, 3, 14), 28, id="a month from February"),
        pytest.param(PartitionMap(Reach.LAST, 1, Grain.MONTH), date(2013, 4, 14), 31, id="a month from March"),
    ],
)
def test_fewer_dimensions_of_what_rolls_along(length: PartitionMap, day: date, periods: int):
    """The days of a bucket are not one because it is rolled up to itself."""
    found = sound(buckets(declared(Grain.DAY), of(base=Grain.DAY, rolling=length), by(Grain.DAY)))
    before = sound(buckets(rolling(length.count, length.unit), of(), by(Grain.DAY)))

    assert [periods] == answers(found.bucket.periods, "t", "DATE", [day])
    assert [periods] == answers(before.bucket.periods, "t", "DATE", [day], end=day + DAY)
    assert found.bucket.days == before.bucket.days


LENGTHS = st.tuples(
    st.integers(1, 40), st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR])
)


@settings(max_examples=200)
@given(st.dates(FIRST, date(2013, 12, 31)), LENGTHS)
def test_what_rolls_along_begins_with_the_first_bucket_that_is_whole(start: date, length: tuple[int, Grain]):
    days = by(Grain.DAY)
    found = sound(buckets(rolling(*length), of(start.isoformat()), days))
    beginning = datetime.combine(start, datetime.min.time())

    assert bounds(found.map, days, found.start)[0] >= beginning
    assert bounds(found.map, days, found.start - DAY)[0] < beginning


@settings(max_examples=200)
@given(
    st.datetimes(datetime.fromisoformat("2008-01-01"), datetime.fromisoformat("2033-01-01")),
    st.sampled_from(DATES),
    st.booleans(),
)
def test_buckets_begin_with_a_whole_one_unless_they_may_be_partial(start: datetime, to: Grain, is_partial: bool):
    begin = Grain.DAY.floor(start)
    end = begin + 400 * DAY
    known = Aggregate((), "t", (), start=begin, end=end)
    found = sound(buckets(declared(to, is_partial=is_partial), known, by(Grain.DAY)))
    days = [(begin + n * DAY).date() for n in range(400)]
    wholes = [day for day in days if first_of(to, day) >= days[0] and last_of(to, day) <= days[-1]]
    inside = days if is_partial or not wholes else wholes

    assert found.start.date() == first_of(to, inside[0]) or not (wholes or is_partial)
    assert found.end.date() == last_of(to, inside[-1]) + DAY or not (wholes or is_partial)
