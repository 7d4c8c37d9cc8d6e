"""What a run did."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.names import TableName


class Status(StrEnum):
    """How a step ended."""

    BUILT = "built"
    UNCHANGED = "unchanged"
    """Built; the rows are those that were already there."""
    FRESH = "fresh"
    """Not built: its inputs came out unchanged."""
    ACCEPTED = "accepted"
    """Not built: its author accepts the rows that other logic gave, and this was written down."""
    KEPT = "kept"
    """Not built: rows that it was made from are gone, and its author keeps what was made from them."""
    HELD = "held"
    """Not built: it was rolled back, and its inputs came out as they were."""
    FAILED = "failed"
    BLOCKED = "blocked"
    """Not built: something that it reads failed."""


@dataclasses.dataclass(frozen=True)
class StepResult:
    """The end of a step, or of the part of one that ended alike.

    ``seconds`` is wall time; ``bytes`` are those that were billed for it, None where nothing is paid by the byte.
    ``warnings`` did not stop it. ``results`` are those of checks that did not hold, in Great Expectations' form, each
    with its ``partition``. ``job_id`` is the job that made the rows, and ``checksum`` a digest of them, if they are of
    one partition; both are empty where the warehouse has none.
    """

    model: TableName
    partitions: tuple[str, ...]
    status: Status
    rows: int = 0
    seconds: float = 0.0
    bytes: int | None = None
    problem: Diagnostic | None = None
    warnings: tuple[Diagnostic, ...] = ()
    results: tuple[Mapping[str, Any], ...] = ()
    job_id: str = ""
    checksum: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """All steps of a run."""

    run_id: str
    results: tuple[StepResult, ...]
    seconds: float

    @property
    def bytes(self) -> int | None:
        """What was billed for all steps; None where nothing is paid by the byte."""
        known = [result.bytes for result in self.results if result.bytes is not None]
        return sum(known) if known else None

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed."""
        return not any(result.status in (Status.FAILED, Status.BLOCKED) for result in self.results)
