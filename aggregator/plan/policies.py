"""What an author says of partitions that would be built again otherwise, or that would not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aggregator.core.graph import CompiledModel
from aggregator.core.warehouse import LedgerRow, Version


def accepts(model: CompiledModel, partition: str, version: Version) -> bool:
    """Whether rows that were built with other logic are to stay: ``on_change:``. A view has none."""
    on_change, is_view = model.model.on_change, version.token and not version.rows
    if on_change is None or is_view:
        return False
    if on_change.start is None or model.calendar is None:
        return on_change.start is None
    return model.calendar.parse(partition) < on_change.start


def expired(model: CompiledModel, partition: str, row: LedgerRow, now: datetime) -> str:
    """Why rows are too old to be good: ``volatile:``; empty if they are not.

    Their age counts from when their inputs were read. With ``lookback:``, no row of a partition arrives later than that
    after its end, so what was read afterwards is complete, and good for ever.
    """
    volatile, lookback = model.model.volatile, model.model.lookback
    if volatile is None or _utc(now) < _utc(row.read_at) + timedelta(seconds=volatile.seconds):
        return ""
    if lookback is not None and model.calendar is not None:
        end = model.calendar.instant(model.calendar.next(model.calendar.parse(partition)))
        if _utc(row.read_at) >= _utc(end) + timedelta(seconds=lookback.seconds):
            return ""
    if not volatile.seconds:
        return "its model is volatile"
    return f"it was read at {_utc(row.read_at):%Y-%m-%d %H:%M} UTC, and is good for {_in_words(volatile.seconds)}"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _in_words(seconds: int) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            number = seconds // size
            return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    raise AssertionError
