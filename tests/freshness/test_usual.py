"""What is usual: by medians, which a backfill and a few odd days do not move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.freshness import Arrival
from aggregator.core.names import TableName
from aggregator.freshness.usual import odd_volume, usual_delay

DAYS = Calendar("d", ColumnType.DATE, Grain.DAY, "UTC")
TABLE = TableName("marts", "daily")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def day(number: int) -> str:
    return (date(2013, 1, 1) + timedelta(number)).isoformat()


def arrived(number: int, delay: timedelta, run: str = "") -> Arrival:
    end = datetime(2013, 1, 2, tzinfo=UTC) + timedelta(number)
    return Arrival(TABLE, day(number), run or f"run {number}", end + delay)


@given(st.lists(st.integers(-300, 300), min_size=5, max_size=40))
def test_small_differences_are_usual(jitter):
    """Nothing that came as in the past is late."""
    arrivals = [arrived(number, timedelta(hours=5, seconds=each)) for number, each in enumerate(jitter)]

    found = usual_delay(DAYS, arrivals, LATER)

    assert found is not None
    assert abs(found.median - timedelta(hours=5)) <= timedelta(minutes=5)
    assert found.slack >= timedelta(minutes=15)


def test_a_backfill_is_not_usual():
    """Of the run that filled the table the newest partition counts, and one long delay among many is no median."""
    backfill = [arrived(number, timedelta(days=300 - number), "first") for number in range(100)]
    daily = [arrived(number, timedelta(hours=5, minutes=40)) for number in range(100, 110)]

    found = usual_delay(DAYS, backfill + daily, LATER)

    assert found is not None
    assert found.median == timedelta(hours=5, minutes=40)


def test_too_little_is_known():
    daily = [arrived(number, timedelta(hours=5)) for number in range(10)]

    assert usual_delay(DAYS, daily[:4], LATER) is None
    assert usual_delay(DAYS, daily, daily[4].written_at) is None, "what was written later was not known then"


def test_fewer_rows_than_on_other_days_of_the_week():
    rows = {day(number): 1000 if (number % 7) < 5 else 200 for number in range(70)}

    assert [odd_volume(DAYS, rows, day(number)) for number in range(60, 70)] == [""] * 10
    rows[day(69)] = 90
    assert odd_volume(DAYS, rows, day(69)) == "2013-03-11 has 90 rows; Mondays have 200 (median of 9, -55%)"


@given(st.lists(st.integers(0, 3), min_size=50, max_size=50))
def test_small_numbers_vary(counts):
    rows = {day(number): each for number, each in enumerate(counts)}

    assert odd_volume(DAYS, rows, day(49)) == ""


def test_an_empty_week_is_not_odd_after_empty_weeks():
    rows = {day(number): 0 for number in range(70)}

    assert odd_volume(DAYS, rows, day(69)) == ""
