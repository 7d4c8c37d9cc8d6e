"""What is usual for a table, from what it was like before: medians, which a few odd days do not move."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aggregator.core.calendar import Calendar, Grain
from aggregator.core.freshness import Arrival

HISTORY = 400
"""Partitions of each model whose arrival is worth looking up: a year of days."""

LEAST = 5
"""With fewer partitions than this, nothing is usual."""

_MOST = 60
"""The latest so many partitions say what is usual now."""

_NORMAL = 1.4826
"""What makes the median absolute deviation of normal noise its standard deviation."""

_ODD = 4
"""So many standard deviations are odd, if they are a quarter at least, and more than a small number varies anyway."""

_LATE = 3
_SLACK = timedelta(minutes=15)


@dataclasses.dataclass(frozen=True)
class Delay:
    """How long after its end a partition is usually there, and how much later is late."""

    median: timedelta
    slack: timedelta


def usual_delay(calendar: Calendar, arrivals: Iterable[Arrival], before: datetime) -> Delay | None:
    """What is usual, by the first writing of partitions; None if too little is known.

    Of each run the newest partition counts: a backfill says nothing about when partitions are usually there.
    """
    newest: dict[str, Arrival] = {}
    for each in arrivals:
        if each.written_at < before and each.partition > getattr(newest.get(each.run_id), "partition", ""):
            newest[each.run_id] = each
    latest = sorted(newest.values(), key=lambda each: each.partition)[-_MOST:]
    delays = [(each.written_at - _end(calendar, each.partition)).total_seconds() for each in latest]
    if len(delays) < LEAST:
        return None
    median, deviation = _spread(delays)
    return Delay(timedelta(seconds=median), max(_SLACK, timedelta(seconds=_LATE * deviation)))


def odd_volume(calendar: Calendar, rows: Mapping[str, int], partition: str) -> str:
    """What is odd about the number of rows of a partition, beside those of the same weekday; empty if nothing is."""
    like = _like(calendar, sorted(each for each in rows if each < partition), partition)
    if len(like) < LEAST:
        return ""
    median, deviation = _spread([rows[each] for each in like[-_MOST:]])
    found = rows[partition]
    if abs(found - median) <= max(_ODD * deviation, median / 4, _LATE * math.sqrt(max(median, 1))):
        return ""
    days = calendar.parse(partition).strftime("%As" if calendar.grain is Grain.DAY else "partitions like it")
    share = f", {found / median - 1:+.0%}" if median else ""
    return f"{partition} has {found:,} rows; {days} have {median:,.0f} (median of {len(like[-_MOST:])}{share})"


def _like(calendar: Calendar, partitions: Sequence[str], partition: str) -> list[str]:
    """Those of the same weekday, and of the same hour of it where a partition is an hour."""
    if calendar.grain not in (Grain.DAY, Grain.HOUR):
        return list(partitions)
    moment = calendar.parse(partition)
    found = ((each, calendar.parse(each)) for each in partitions)
    return [each for each, when in found if (when.weekday(), when.hour) == (moment.weekday(), moment.hour)]


def _spread(values: Sequence[float]) -> tuple[float, float]:
    """The median, and the deviation from it, as a standard deviation."""
    import statistics  # noqa: PLC0415  (decimals and fractions: many projects promise nothing)

    median = statistics.median(values)
    return median, _NORMAL * statistics.median(abs(each - median) for each in values)


def _end(calendar: Calendar, partition: str) -> datetime:
    return calendar.instant(calendar.next(calendar.parse(partition))).replace(tzinfo=UTC)
