"""Partitions as marks that one can read at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from aggregator.core.calendar import Calendar, Grain
from aggregator.core.status import State, to_explain

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

MARKS = {
    State.FAILED: click.style("x", fg="red", bold=True),
    State.MISSING: click.style("·", fg="red"),
    State.STALE: click.style("o", fg="yellow", bold=True),
    State.HELD: click.style("◧", fg="yellow"),
    State.KEPT: click.style("□", fg="green"),
    State.ACCEPTED: click.style("▣", fg="green"),
    State.FRESH: click.style("■", fg="green"),
}


def legend(states: Iterable[State]) -> str:
    """What the marks mean."""
    return "  ".join(f"{MARKS[state]} {state}" for state in to_explain(states))


def month_header(months: Sequence[str]) -> Iterator[str]:
    """Two lines above the month marks: the years, and the first letters of the months."""
    yield _years(months)
    yield "".join(MONTHS[int(month[5:7]) - 1][0] for month in months)


def _years(months: Sequence[str]) -> str:
    line = ""
    for index, month in enumerate(months):
        if index == 0 or month.endswith("-01"):
            line = line.ljust(index) + month[:4]
    return line


def month_cells(states: Mapping[str, State], months: Sequence[str]) -> str:
    """A mark per month: the worst state in it. A table without partitions has one mark.

    A year is marked in January, a quarter in its first month.
    """
    if list(states) == [""]:
        return MARKS[states[""]] + " " * max(len(months) - 1, 0)
    worst = _worst(states, 7)
    return "".join(MARKS[worst[month]] if month in worst else _yearly(worst, month) for month in months)


def _yearly(worst: Mapping[str, State], month: str) -> str:
    year = month[:4]
    return MARKS[worst[year]] if month.endswith("-01") and year in worst else " "


def year_calendar(states: Mapping[str, State], calendar: Calendar | None) -> Iterator[str]:
    """A line per month with a mark per day; a line per year where partitions are longer than weeks.

    A week is marked on its first day, a quarter in its first month.
    """
    if calendar is None:
        yield f"{MARKS[states['']]} the whole table"
        return
    if calendar.grain.stored in (Grain.MONTH, Grain.YEAR):
        yield from _years_calendar(states)
        return
    days = _worst(states, 10)
    yield " " * 9 + "".join(f"{day:<5}" for day in ("1", "6", "11", "16", "21", "26", "31"))
    for month in sorted({day[:7] for day in days}):
        marks = "".join(MARKS[days[day]] if (day := f"{month}-{number:02}") in days else " " for number in range(1, 32))
        yield f"{MONTHS[int(month[5:7]) - 1]} {month[:4]} {marks}"


def _years_calendar(states: Mapping[str, State]) -> Iterator[str]:
    yield " " * 5 + " ".join(MONTHS) if any(len(each) > 4 for each in states) else ""  # noqa: PLR2004
    for year in sorted({each[:4] for each in states}):
        if year in states:
            yield f"{year} {MARKS[states[year]]}"
        else:
            months = (f"{year}-{number:02}" for number in range(1, 13))
            yield f"{year} " + "   ".join(MARKS[states[each]] if each in states else " " for each in months)


def _worst(states: Mapping[str, State], length: int) -> dict[str, State]:
    """The worst state of the partitions that share the first characters of their ids."""
    order = list(State)
    worst: dict[str, State] = {}
    for partition, state in states.items():
        key = partition[:length]
        if key not in worst or order.index(state) < order.index(worst[key]):
            worst[key] = state
    return worst
