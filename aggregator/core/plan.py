"""What would be built, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.names import TableName


class Reason(StrEnum):
    """Why a partition is not fresh; the first that holds counts, in this order."""

    FULL = "full"
    """It was asked for by ``--full``."""
    FAILED = "failed"
    """Its last attempt failed, and ``--retry-failed`` asks for another."""
    MISSING = "missing"
    """It was never built, or its rows are gone."""
    UNRECORDED = "unrecorded"
    """It has rows, but the ledger does not know from what."""
    LOGIC = "logic"
    """The model's SQL, macros or maps are not those it was built with."""
    TOUCHED = "touched"
    """Its rows are not those that were written: someone else changed them."""
    INPUT = "input"
    """A partition that it reads changed, or is about to."""
    UNSETTLED = "unsettled"
    """A partition that it reads had just changed when it was read, and may have changed again unnoticed."""
    EXPIRED = "expired"
    """Its model is volatile, and its rows are older than they may be."""
    ACCEPT = "accept"
    """It is not stale: its rows are accepted as they are, and only the ledger has to learn of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stale:
    """Why one partition is stale. ``detail`` completes the reason; ``upstream`` is the root cause as table@partition.

    ``pending`` marks a partition whose input is itself to be rebuilt: if that comes out unchanged, this one is fresh.
    """

    reason: Reason
    detail: str = ""
    upstream: str = ""
    pending: bool = False


class Policy(StrEnum):
    """By which word of its author a partition is left as it is."""

    ACCEPT = "accept"
    """Its logic changed, and the next run will write down that its rows are accepted."""
    ACCEPTED = "accepted"
    """Its rows were accepted when the logic changed."""
    KEPT = "kept"
    """What it was made from is gone, so it can't be built again."""
    HELD = "held"
    """It was rolled back, and building it now would give the rows that were taken away."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exempt:
    """Why a partition is left as it is, though building it now may give other rows. ``detail`` completes the policy."""

    policy: Policy
    detail: str


@dataclasses.dataclass(frozen=True)
class Step:
    """One unit of work: partitions of a model that are built by one query. Both ends are named."""

    model: TableName
    partitions: tuple[str, ...]
    stale: Stale

    @property
    def first(self) -> str:
        """The first partition's id."""
        return self.partitions[0]

    @property
    def last(self) -> str:
        """The last partition's id."""
        return self.partitions[-1]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Steps in an order in which they can be done, and the state of every partition that was looked at.

    ``due`` lists the partitions that each model should have; ``stale`` those of the selected models that are not fresh,
    out of the ``looked_at`` partitions within the interval, and ``exempt`` those of them that are left as they are
    because their author said so. ``unselected`` are models that the selected ones read and
    that are stale themselves: building only the selected ones would build them from what is old.
    """

    steps: tuple[Step, ...]
    due: Mapping[TableName, tuple[str, ...]]
    stale: Mapping[TableName, Mapping[str, Stale]]
    exempt: Mapping[TableName, Mapping[str, Exempt]]
    looked_at: int
    unselected: tuple[TableName, ...]
    at: datetime


class Obstacle(StrEnum):
    """Why partitions are not built, or not as one may expect."""

    COLUMNS = "columns"
    """Columns are gone or have other types: old rows and new ones do not fit into one table."""
    OUTSIDE = "outside"
    """They were asked for, and the table has no such partitions, or not yet."""
    EMPTY = "empty"
    """They are built, and something that they read begins after them."""
    NOTHING = "nothing"
    """They are tried and fail: of an input, no partition that may be the latest has rows."""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Partitions of a model from ``first`` to ``last`` that meet an obstacle: why, and what would help, if anything."""

    model: TableName
    first: str
    last: str
    obstacle: Obstacle
    why: str
    help: str = ""
