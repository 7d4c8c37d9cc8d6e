"""Until when a partition must be there: promises as moments in UTC."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.core.calendar import Calendar, Partition
from aggregator.core.project import Freshness, TimeOfDay


@dataclasses.dataclass(frozen=True)
class Deadlines:
    """When a partition that is not there is worth a warning, and when it is an error; None is never."""

    warn: datetime | None
    error: datetime | None


def of_partition(promise: Freshness, calendar: Calendar, partition: Partition) -> Deadlines:
    """The deadlines of one partition.

    A table may be so old, counted from the end of its newest partition: that is where the next one begins. A time of
    day is the first such time when the partition is over, so many days later if it says so.
    """
    begin = calendar.instant(partition).replace(tzinfo=UTC)
    end = calendar.instant(calendar.next(partition)).replace(tzinfo=UTC)
    by = at_time(promise.by, end, calendar.zone) if promise.by is not None else None
    return Deadlines(_after(begin, promise.warn_after), earliest(_after(begin, promise.error_after), by))


def of_writing(promise: Freshness, written_at: datetime, zone: str) -> Deadlines:
    """The deadlines of the next writing of a table without partitions: a time of day is that of the day after."""
    by = None
    if promise.by is not None:
        local = written_at.astimezone(ZoneInfo(promise.by.zone or zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
        by = at_time(promise.by, midnight.replace(tzinfo=local.tzinfo).astimezone(UTC), zone)
    return Deadlines(_after(written_at, promise.warn_after), earliest(_after(written_at, promise.error_after), by))


def at_time(by: TimeOfDay, moment: datetime, zone: str) -> datetime:
    """The first such time of day at or after a moment, in its own zone or a table's, and so many days later."""
    local = moment.astimezone(ZoneInfo(by.zone or zone))
    found = local.replace(hour=by.minutes // 60, minute=by.minutes % 60, second=0, microsecond=0)
    days = by.days + (found.replace(tzinfo=None) < local.replace(tzinfo=None))
    return (found + timedelta(days=days)).astimezone(UTC)


def said(promise: Freshness) -> str:
    """A promise in words: ``warn after 26 h, error after 48 h, by 06:00``."""
    return ", ".join(_parts(promise))


def _parts(promise: Freshness) -> Iterator[str]:
    if promise.warn_after is not None:
        yield f"warn after {length(promise.warn_after)}"
    if promise.error_after is not None:
        yield f"error after {length(promise.error_after)}"
    if promise.by is not None:
        yield f"by {promise.by}"


def length(seconds: float) -> str:
    """A length of time in two figures: ``2 h 5 min``, ``3 d 4 h``, ``40 s``."""
    whole = int(abs(seconds))
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (smaller, next_unit) in itertools.pairwise(units):
        if whole >= size:
            rest = whole % size // smaller
            is_round = not rest or (unit == "min" and whole >= 10 * size)
            return f"{whole // size:,} {unit}" if is_round else f"{whole // size:,} {unit} {rest} {next_unit}"
    return f"{whole} s"


def _after(moment: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else moment + timedelta(seconds=seconds)


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of some moments; None is never."""
    return min((each for each in moments if each is not None), default=None)
