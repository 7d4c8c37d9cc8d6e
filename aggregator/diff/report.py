"""What came of comparing a model before and after a change."""

from __future__ import annotations

import dataclasses
from typing import Any

from aggregator.core.names import TableName
from aggregator.diff.pairing import Pairing


@dataclasses.dataclass(frozen=True)
class Value:
    """A column of an example, as shortened JSON; None is NULL."""

    column: str
    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True)
class Example:
    """A row that is different: what it is found by, and what differs."""

    key: tuple[tuple[str, str | None], ...]
    values: tuple[Value, ...] = ()


@dataclasses.dataclass(frozen=True)
class PartitionDiff:
    """One partition on both sides: how many rows each has, and what became of them.

    Rows that were found on both sides are ``changed`` or ``unchanged``; ``differing`` has for each compared value in
    how many of them it differs. ``repeated`` rows share their key with others of their side and are compared whole:
    such a row is never changed, but removed and added.
    """

    partition: str
    before: int
    after: int
    added: int
    removed: int
    changed: int
    unchanged: int
    repeated: int = 0
    differing: tuple[int, ...] = ()
    changes: tuple[Example, ...] = ()
    additions: tuple[Example, ...] = ()
    removals: tuple[Example, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed)


@dataclasses.dataclass(frozen=True)
class ModelDiff:
    """One model: its partitions, and how they were compared; ``why`` says why they were not, or not all of them."""

    model: TableName
    pairing: Pairing
    partitions: tuple[PartitionDiff, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()

    def without_examples(self) -> ModelDiff:
        """The same, without a value of any row."""
        nothing: dict[str, Any] = {"changes": (), "additions": (), "removals": ()}
        return dataclasses.replace(
            self, partitions=tuple(dataclasses.replace(each, **nothing) for each in self.partitions)
        )
