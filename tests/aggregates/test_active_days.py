"""Who was active in the last days: bits of days say what counting the rows of those days says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging import NOWHERE, Warehouse, computed, key, of_rows, word

from aggregator.aggregates.rollup import Rollup, rollup
from aggregator.aggregates.select import select
from aggregator.core.aggregate import Aggregate, MeasureDeclaration, RollupDeclaration
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import PartitionMap, Reach

DAY = timedelta(days=1)
ARGUMENTS = {"distinct": "who", "method": "active_days"}
OF = Aggregate(
    ("k",), "day", (MeasureDeclaration("seen", ARGUMENTS),), base=Grain.DAY, start=datetime.fromisoformat("2008-01-01")
)
DAYS = Calendar("day", ColumnType.DATE, Grain.DAY, "UTC")


def rolling(days: int) -> RollupDeclaration:
    return RollupDeclaration(word("daily"), NOWHERE, rolling=PartitionMap(Reach.LAST, days, Grain.DAY), dimensions=())


def to(grain: Grain) -> RollupDeclaration:
    return RollupDeclaration(word("daily"), NOWHERE, to=grain, dimensions=())


BUCKETS = [
    pytest.param(to(Grain.MONTH), date(2013, 2, 1), date(2013, 2, 28), id="a month of 28 days"),
    pytest.param(to(Grain.MONTH), date(2012, 2, 1), date(2012, 2, 29), id="a month of 29 days"),
    pytest.param(to(Grain.MONTH), date(2013, 4, 1), date(2013, 4, 30), id="a month of 30 days"),
    pytest.param(to(Grain.MONTH), date(2013, 12, 1), date(2013, 12, 31), id="a month of 31 days"),
    pytest.param(to(Grain.ISOWEEK), date(2012, 12, 31), date(2013, 1, 6), id="a week over New Year"),
    pytest.param(rolling(7), date(2013, 2, 25), date(2013, 3, 3), id="the last 7 days"),
    pytest.param(rolling(28), date(2013, 2, 4), date(2013, 3, 3), id="the last 28 days"),
    pytest.param(rolling(63), date(2013, 1, 1), date(2013, 3, 4), id="the last 63 days"),
]
ACTIVITY = st.lists(
    st.tuples(st.integers(0, 62), st.sampled_from(["a", "b", None]), st.sampled_from(["", "p", "q", "r", "s", None])),
    max_size=30,
)


def counted(activity: list[tuple[date, str | None]], last: date, days: int, skipped: int = 0) -> set[str]:
    """Who was there in some days up to one."""
    return {who for day, who in activity if who is not None and skipped <= (last - day).days < skipped + days}


def expected(activity: list[tuple[date, str | None]], first: date, last: date) -> dict[str, int]:
    length = (last - first).days + 1
    found = {"seen": len(counted(activity, last, length))}
    found |= {f"seen_{days}d": len(counted(activity, last, days)) for days in (1, 7, 28) if days <= length}
    if length >= 14:
        found["seen_returned_7d"] = len(counted(activity, last, 7) & counted(activity, last, 7, skipped=7))
    return found


def rolled_up(declared: RollupDeclaration, rows: list[tuple[date, str | None, str | None]], last: date) -> Any:
    found = rollup(declared, OF, DAYS)
    assert isinstance(found, Rollup)
    warehouse = Warehouse.new()
    warehouse.fill("rows", {"day": "DATE", "k": "VARCHAR", "who": "VARCHAR"}, rows)
    warehouse.keep("daily", of_rows("rows", (key("day"), key("k")), computed({"seen": ARGUMENTS})))
    sql = "WITH " + "".join(piece.text for piece in select(found.grouping))
    warehouse.keep("found", sql, start=last, end=last + DAY)
    return warehouse.rows("found")


@pytest.mark.parametrize(("declared", "first", "last"), BUCKETS)
@settings(max_examples=15)
@given(activity=ACTIVITY)
def test_bits_say_what_rows_say(
    declared: RollupDeclaration, first: date, last: date, activity: list[tuple[int, str | None, str | None]]
):
    rows = [(last - ago * DAY, k, who) for ago, k, who in activity if last - ago * DAY >= first]
    found = rolled_up(declared, rows, last)
    wanted = [expected([(day, who) for day, _, who in rows], first, last)] if rows else []

    assert [{name: each[name] for name in each if name in wanted[0]} for each in found] == wanted
    assert all({name for name in each if name.startswith("seen")} == {*wanted[0], "seen__days"} for each in found)


@pytest.mark.parametrize(("days", "message"), [(64, "not 64"), (70, "not 70")])
def test_there_are_no_bits_for_more_days(days: int, message: str):
    found = rollup(rolling(days), OF, DAYS)

    assert isinstance(found, list)
    assert [each.message for each in found] == [f"seen: active_days reaches 63 days back, {message}"]
