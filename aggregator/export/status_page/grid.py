"""The partitions of a model as cells of a calendar: where each stands, and what it stands for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from aggregator.core.calendar import Calendar, Grain
from aggregator.core.status import ModelStatus

WEEKS = 53
STEP = 16
"""From one week to the next, and from one day to the next, in pixels."""

CELL = 14
LEFT = 2 * STEP
"""Room for the names of days."""

TOP = STEP
"""Room for the names of months."""

WIDTH = LEFT + WEEKS * STEP
_YEARS_PER_LINE = 3
_YEAR = 18 * STEP
_DAYS = 7
_MONTHS = 12


@dataclasses.dataclass(frozen=True)
class Cell:
    """A rectangle that stands for some partitions; ``label`` is the time that it covers."""

    label: str
    partitions: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float = CELL


@dataclasses.dataclass(frozen=True)
class Window:
    """The weeks that are shown by day: the first Monday, which all models have in common."""

    start: datetime

    @classmethod
    def of(cls, models: Iterable[ModelStatus], now: datetime) -> Window:
        """The year that ends with the newest partition of all."""
        newest = [_end(each.calendar, list(each.states)[-1]) for each in models if each.calendar and each.states]
        last = max(newest, default=now.replace(tzinfo=None)) - timedelta(microseconds=1)
        return cls(Grain.ISOWEEK.shift(Grain.ISOWEEK.floor(last), 1 - WEEKS))

    @property
    def end(self) -> datetime:
        """The end of the last week."""
        return Grain.ISOWEEK.shift(self.start, WEEKS)

    def x(self, moment: datetime) -> float:
        """Where a moment is from left to right, however the days of a week are stacked."""
        share = (moment - self.start) / (self.end - self.start)
        return LEFT + round(min(max(share, 0), 1) * WEEKS * STEP, 1)

    def months(self) -> Iterator[tuple[str, float]]:
        """The months that begin in it, each with the place of its name; a January has its year."""
        for month in Grain.MONTH.range(self.start, self.end - timedelta(days=14)):
            name = f"{month:%Y}" if month.month == 1 else f"{month:%b}"
            yield name, self.x(month)


def cells(model: ModelStatus, window: Window) -> tuple[list[Cell], int]:
    """The cells within the window, and how high they are together."""
    calendar = model.calendar
    if calendar is None:
        return [Cell("the whole table", tuple(model.states), LEFT, 0, WEEKS * STEP - 2)], CELL
    inside = [each for each in model.states if _end(calendar, each) > window.start]
    if calendar.grain in (Grain.HOUR, Grain.DAY):
        return [_day(day, ids, window) for day, ids in _grouped(inside, 10).items()], _DAYS * STEP
    return [_bar(each, calendar, window) for each in inside], CELL


def earlier(model: ModelStatus, window: Window) -> tuple[dict[str, tuple[float, float]], list[Cell], int]:
    """What ended before the window, by the month: the years with their places, the cells, and their height."""
    calendar = model.calendar
    before = [each for each in model.states if calendar is not None and _end(calendar, each) <= window.start]
    if calendar is None or not before:
        return {}, [], 0
    first = int(before[0][:4])
    years = {each[:4]: _place(int(each[:4]) - first) for each in before}
    found = []
    for label, ids in _grouped(before, 7).items():
        start, end = calendar.parse(ids[0]), _end(calendar, ids[-1])
        x, y = years[label[:4]]
        months = max(1, (end.year - start.year) * _MONTHS + end.month - start.month) if len(ids) == 1 else 1
        x += LEFT + (start.month - 1) * STEP
        found.append(Cell(label, ids, x, y, months * STEP - 2))
    return years, found, ((int(before[-1][:4]) - first) // _YEARS_PER_LINE + 1) * STEP


def _place(year: int) -> tuple[float, float]:
    return year % _YEARS_PER_LINE * _YEAR, year // _YEARS_PER_LINE * STEP


def _day(label: str, ids: tuple[str, ...], window: Window) -> Cell:
    days = (datetime.fromisoformat(label) - window.start).days
    return Cell(label, ids, LEFT + days // _DAYS * STEP, days % _DAYS * STEP, CELL)


def _bar(partition: str, calendar: Calendar, window: Window) -> Cell:
    start, end = window.x(calendar.parse(partition)), window.x(_end(calendar, partition))
    return Cell(partition, (partition,), start, 0, round(max(end - start - 2, 2), 1))


def _grouped(ids: Iterable[str], length: int) -> Mapping[str, tuple[str, ...]]:
    """Partitions that share the first characters of their ids."""
    groups: dict[str, list[str]] = {}
    for each in ids:
        groups.setdefault(each[:length], []).append(each)
    return {label: tuple(group) for label, group in groups.items()}


def _end(calendar: Calendar, partition: str) -> datetime:
    return calendar.next(calendar.parse(partition))
