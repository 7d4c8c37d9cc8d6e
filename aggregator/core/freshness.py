"""How fresh tables are: the result of looking at their partitions and the clock."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.declared import Freshness
    from aggregator.core.names import TableName


class Level(StrEnum):
    """Whether a table keeps its promise, worst first."""

    ERROR = "error"
    WARN = "warn"
    FRESH = "fresh"
    UNKNOWN = "unknown"
    """Nothing here tells when its rows arrived."""
    NO_PROMISE = "no promise"


@dataclasses.dataclass(frozen=True, slots=True)
class Arrival:
    """When a partition of a model was written for the first time, and by which run."""

    model: TableName
    partition: str
    run_id: str
    written_at: datetime


@dataclasses.dataclass(frozen=True)
class TableFreshness:
    """One table at one moment; all moments are UTC.

    ``newest`` is the newest partition that is over and there, and ``complete_until`` is where it ends: the age of the
    table, in ``lag_seconds``, counts from then. Of a table without partitions it is when it was written last.
    Partitions that are over and not there are ``missing``, oldest first. ``warn_at`` and ``error_at`` are when it
    turns, or turned, to that level if nothing arrives; ``usually_at`` is when, by the ledger, the next one is there.
    """

    table: TableName
    kind: str
    owner: str
    promise: str
    level: Level
    newest: str | None = None
    complete_until: datetime | None = None
    lag_seconds: int | None = None
    missing: tuple[str, ...] = ()
    warn_at: datetime | None = None
    error_at: datetime | None = None
    usually_at: datetime | None = None
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class FreshnessReport:
    """Some tables of a project at the moment ``at``."""

    tables: tuple[TableFreshness, ...]
    at: datetime


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
