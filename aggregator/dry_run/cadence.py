"""How often a model is built: a partition for each stretch of time, a whole table by its schedule."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from aggregator.core.calendar import Grain
from aggregator.core.project import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.core.graph import CompiledModel

_YEAR = 365.25
_HOURS = {
    Grain.HOUR: 1.0,
    Grain.DAY: 24.0,
    Grain.WEEK: 168.0,
    Grain.MONTH: 2 * _YEAR,
    Grain.QUARTER: 6 * _YEAR,
    Grain.YEAR: 24 * _YEAR,
}
_BY_WORD = {"hourly": 24.0, "daily": 1.0, "weekly": 1 / 7, "monthly": 12 / _YEAR, "yearly": 1 / _YEAR}
_CYCLE = 1461
"""Days after which the calendar of leap years begins again."""

_BEGINNING = date(2025, 1, 1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SUNDAY = 7
_FIELDS = 5


def hours(grain: Grain) -> float:
    """How long a partition is, on average."""
    return _HOURS[grain.unit]


def builds_per_day(model: CompiledModel) -> float | None:
    """How many builds a day brings, on average: partitions that begin, or firings of the schedule of a whole table.

    A schedule does not make more partitions than there are: it says when those that are over are built. None where a
    table is rebuilt whole and has no schedule; a view is never built.
    """
    if model.model.kind is Kind.VIEW:
        return 0.0
    if model.calendar is not None:
        return _HOURS[Grain.DAY] / hours(model.calendar.grain)
    return firings_per_day(model.model.schedule) if model.model.schedule else None


def firings_per_day(schedule: str) -> float:
    """How often a schedule fires in a day, on average over four years; its time zone makes no difference."""
    words = schedule.split()
    if words[0] in _BY_WORD:
        return _BY_WORD[words[0]]
    minute, hour, day, month, weekday = words[:_FIELDS]
    per_day = len(_values(minute, 0, 59)) * len(_values(hour, 0, 23))
    days = sum(1 for each in _cycle() if _fires(each, day, month, weekday))
    return per_day * days / _CYCLE


def _cycle() -> Iterator[date]:
    return (_BEGINNING + timedelta(days=count) for count in range(_CYCLE))


def _fires(each: date, day: str, month: str, weekday: str) -> bool:
    """As cron has it: where both the day and the weekday are restricted, either will do."""
    if each.month not in _values(month, 1, 12, _MONTHS):
        return False
    on_day = each.day in _values(day, 1, 31)
    on_weekday = each.isoweekday() % 7 in {value % 7 for value in _values(weekday, 0, _SUNDAY, _DAYS)}
    if day.startswith("*") or weekday.startswith("*"):
        return on_day and on_weekday
    return on_day or on_weekday


def _values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """The numbers that one field of a cron expression stands for."""
    found: set[int] = set()
    for item in field.split(","):
        span, slash, step = item.partition("/")
        first, dash, last = ("*", "", "") if span == "*" else span.partition("-")
        begin = low if first == "*" else _number(first, low, names)
        alone = high if first == "*" or slash else begin
        end = _number(last, low, names) if dash else alone
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(word: str, low: int, names: tuple[str, ...]) -> int:
    return int(word) if re.fullmatch("[0-9]+", word) else names.index(word.casefold()) + (low if low == 1 else 0)
