"""How partitions are, and what makes them so: the result of looking at a warehouse."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.names import TableName


class State(StrEnum):
    """How a partition is, worst first."""

    FAILED = "failed"
    MISSING = "missing"
    STALE = "stale"
    HELD = "held"
    """It was rolled back; it is built again when what it reads or its SQL changes."""
    KEPT = "kept"
    """It can't be built again, as what it was made from is gone; its author said that it is to stay."""
    ACCEPTED = "accepted"
    """Other logic gave its rows; its author said that they are to stay."""
    FRESH = "fresh"


SETTLED = (State.FRESH, State.ACCEPTED, State.KEPT, State.HELD)
"""What a run leaves as it is."""


def to_explain(states: Iterable[State]) -> tuple[State, ...]:
    """The states that a reader is to be told about, best first: those of policies only where they occur."""
    shown = {State.FRESH, State.STALE, State.MISSING, State.FAILED, *states}
    return tuple(state for state in reversed(State) if state in shown)


@dataclasses.dataclass(frozen=True)
class Affected:
    """Partitions of one model that a cause keeps from being fresh, oldest first, and who answers for them."""

    model: TableName
    owner: str
    partitions: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Cause:
    """What happened, where it began, all that is not fresh because of it, and the command that mends it.

    ``kind`` is a reason of staleness, or ``failed``. ``table`` is where it began, a source or a model, with the
    ``partitions`` concerned; it is empty for what was never built. ``what`` happened to the first of them, and
    ``is_same`` tells whether the same did to all.
    """

    kind: str
    table: str
    partitions: tuple[str, ...]
    what: str
    is_same: bool
    affected: tuple[Affected, ...]
    mend: str

    @property
    def count(self) -> int:
        """How many partitions are not fresh because of it."""
        return sum(len(each.partitions) for each in self.affected)

    @property
    def headline(self) -> str:
        """It all in one sentence: ``lake.flights@2013-02-08 changed (815 rows, now 814)``."""
        if not self.table:
            return self.what
        joint = ":" if self.kind not in ("input", "unsettled", "failed") else ""
        if len(self.partitions) == 1:
            name = f"{self.table}@{self.partitions[0]}" if self.partitions[0] else self.table
            return f"{name}{joint} {self.what}"
        name = f"{self.table} {span(self.partitions)}"
        return f"{name}: {self.what}" if self.is_same else f"{name}; of the first: {self.what}"


@dataclasses.dataclass(frozen=True)
class ModelStatus:
    """The partitions that a model should have, oldest first, each with its state.

    ``reasons`` are there for all that are not fresh, also for those that are left as they are. ``form`` is the
    grain of the partitions, or the kind of a table without. ``warnings`` are what checks said of rows that were
    published all the same.
    """

    name: TableName
    description: str
    owner: str
    form: str
    calendar: Calendar | None
    states: Mapping[str, State]
    reasons: Mapping[str, str]
    warnings: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to do for it."""
        return all(state in SETTLED for state in self.states.values())


@dataclasses.dataclass(frozen=True)
class ProjectStatus:
    """All models of a project, upstream first, and all causes, the gravest first; ``at`` is the warehouse's clock."""

    project: str
    environment: str
    at: datetime
    models: tuple[ModelStatus, ...]
    causes: tuple[Cause, ...]


def span(partitions: tuple[str, ...]) -> str:
    """Some partitions of one table in a few words: ``2013-02-08``, ``2013-02-08 … 2013-02-14 (7)``."""
    if len(partitions) == 1:
        return partitions[0] or "whole"
    return f"{partitions[0]} … {partitions[-1]} ({len(partitions):,})"
