"""Until when a partition must be there: promises as moments in UTC."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.core.calendar import Calendar, Partition
from aggregator.core.declared import Freshness, TimeOfDay


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


def _after(moment: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else moment + timedelta(seconds=seconds)


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of some moments; None is never."""
    return min((each for each in moments if each is not None), default=None)
