"""What is declared of a table beside its columns and its SQL: sizes, budgets, promises, schedules."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Place


@dataclasses.dataclass(frozen=True)
class DeclaredSize:
    """The ``size:`` of a table without a catalog: of one partition, or of the whole table where it has none.

    At least one of the two is there.
    """

    rows: int | None = None
    bytes: int | None = None


@dataclasses.dataclass(frozen=True)
class Budget:
    """What a model may cost; at least one of the limits is there. ``bytes`` is for one build, of one partition."""

    place: Place
    bytes: int | None = None
    bytes_per_month: int | None = None
    price_per_month: float | None = None


@dataclasses.dataclass(frozen=True)
class TimeOfDay:
    """A time on a clock, in minutes after midnight, so many days later; without a zone, the clock is the table's."""

    minutes: int
    days: int = 0
    zone: str = ""

    def __str__(self) -> str:
        days = f"{self.days} {'day' if self.days == 1 else 'days'} " if self.days else ""
        return f"{days}{self.minutes // 60:02}:{self.minutes % 60:02}{f' {self.zone}' if self.zone else ''}"


@dataclasses.dataclass(frozen=True)
class Freshness:
    """How old a table may be, in seconds, and at what time a partition that is over must be there."""

    warn_after: int | None = None
    error_after: int | None = None
    by: TimeOfDay | None = None


@dataclasses.dataclass(frozen=True)
class Duration:
    """A stated length of time, in seconds."""

    seconds: int
    place: Place


@dataclasses.dataclass(frozen=True)
class OnChange:
    """The ``on_change:`` of a model whose logic may change without all of it being built again.

    Partitions that begin before ``start`` are accepted as they are; where it is None, all of them.
    """

    place: Place
    start: datetime | None = None


@dataclasses.dataclass(frozen=True)
class Scheduling:
    """How a scheduler is to treat a model, beyond when.

    ``dag`` is the domain that it is scheduled with, empty for that of its dataset. With ``is_grouped``, it is built in
    one task with its neighbours of the same DAG. ``timeout`` is in seconds. ``alerts`` are ids of Airflow connections.
    """

    dag: str = ""
    is_grouped: bool = False
    pool: str = ""
    retries: int | None = None
    timeout: int | None = None
    alerts: tuple[str, ...] = ()
