"""How one version of a project differs from another, for those who read its tables."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.estimate import Estimate
    from aggregator.core.names import TableName


class Effect(StrEnum):
    """What a change does to those who read a table, from harmless to not."""

    ADDITIVE = "additive"
    """Nobody who reads the table notices."""
    WIDENING = "widening"
    """A column holds more than before; BigQuery changes its type in place, and old values keep their meaning."""
    BREAKING = "breaking"
    """Queries may fail, or mean something else."""


class ChangeKind(StrEnum):
    """What was changed."""

    TABLE_ADDED = "table added"
    TABLE_REMOVED = "table removed"
    COLUMN_ADDED = "column added"
    COLUMN_DROPPED = "column dropped"
    COLUMN_RENAMED = "column renamed"
    COLUMN_RETYPED = "column retyped"
    COLUMN_NARROWED = "column narrowed"
    PARTITIONING = "partitioning changed"
    CLUSTERING = "clustering changed"
    KIND = "kind changed"


class Fate(StrEnum):
    """What becomes of a model that a change affects."""

    COMPILES = "compiles"
    """It still compiles; what its columns mean may be different."""
    BREAKS = "breaks"
    REMOVED = "removed"
    """It is not there any more either."""


@dataclasses.dataclass(frozen=True)
class Affected:
    """A model downstream of a change; ``columns`` are those made from what changed, at any distance.

    Where there are none, the model reads what changed, to filter or join by it for example.
    """

    model: TableName
    columns: tuple[str, ...]
    fate: Fate


@dataclasses.dataclass(frozen=True)
class Change:
    """One difference. ``before`` and ``after`` are what was and is: types, names, or how the table is cut."""

    table: TableName
    kind: ChangeKind
    effect: Effect
    column: str = ""
    before: str = ""
    after: str = ""
    affected: tuple[Affected, ...] = ()

    def __str__(self) -> str:
        """On one line, for people."""
        what = f"{self.table}.{self.column}" if self.column else str(self.table)
        detail = " to ".join(filter(None, (self.before, self.after)))
        return f"{what}: {self.kind}{f' ({detail})' if detail else ''}, {self.effect}"


@dataclasses.dataclass(frozen=True)
class CostChange:
    """What a model read and cost, and what it will; None where it was or will not be there."""

    model: TableName
    before: Estimate | None
    after: Estimate | None

    @property
    def bytes(self) -> int | None:
        """How many bytes more a build reads; None where one side is not known."""
        before, after = (0 if side is None else side.bytes for side in (self.before, self.after))
        return None if before is None or after is None else after - before

    @property
    def price_per_month(self) -> float | None:
        """How much more a month costs; None where one side is not known."""
        before, after = (0.0 if side is None else side.price_per_month for side in (self.before, self.after))
        return None if before is None or after is None else after - before
