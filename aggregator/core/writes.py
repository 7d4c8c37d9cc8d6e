"""What a strategy asks of an engine: writes that can be repeated, and the questions to ask of the rows first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.diagnostics import Place
    from aggregator.core.graph import OutputColumn
    from aggregator.core.names import TableName
    from aggregator.core.warehouse import Version


@dataclasses.dataclass(frozen=True)
class Expectation:
    """A promise about the rows of one partition. Either no row meets a condition, or a number lies between bounds.

    ``violation`` is a condition on a row, ``number`` an aggregate expression, both in BigQuery SQL; one of them is
    empty. Conditions are asked all at once and only told apart when one is met. ``complaint`` is a sentence with
    ``{value}`` in it.
    """

    name: str
    complaint: str
    place: Place
    violation: str = ""
    number: str = ""
    minimum: float | None = 0
    maximum: float | None = 0

    @property
    def sql(self) -> str:
        """The number that must lie between the bounds."""
        return self.number or f"COUNTIF({self.violation})"

    def broken_by(self, value: float | None) -> str:
        """What is wrong with a value; empty if nothing is."""
        if value is None:
            return ""
        too_low = self.minimum is not None and value < self.minimum
        too_high = self.maximum is not None and value > self.maximum
        return self.complaint.format(value=value) if too_low or too_high else ""


@dataclasses.dataclass(frozen=True)
class OverwritePartitions:
    """Replace the rows of the partitions in ``[start, end)`` by those of a query over the same interval."""

    table: TableName
    query: str
    columns: tuple[OutputColumn, ...]
    calendar: Calendar
    start: datetime
    end: datetime


@dataclasses.dataclass(frozen=True)
class ReplaceTable:
    """Replace all rows of a table by those of a query."""

    table: TableName
    query: str
    columns: tuple[OutputColumn, ...]


@dataclasses.dataclass(frozen=True)
class ReplaceView:
    """Let a name stand for a query."""

    table: TableName
    query: str


Write: TypeAlias = OverwritePartitions | ReplaceTable


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """The staged rows of one partition: how many, a digest of their content, and the value of each expectation."""

    rows: int
    checksum: str
    values: tuple[float | None, ...] = ()


@dataclasses.dataclass(frozen=True)
class Staged:
    """The result of a query, not yet visible to anyone, by partition id.

    ``fits`` tells that the table exists and has the columns of the query, so that equal rows need no writing.
    """

    batches: Mapping[str, Batch]
    fits: bool
    bytes: int | None = None
    job_id: str = ""


@dataclasses.dataclass(frozen=True)
class Published:
    """What a publication left: the versions of the partitions that were published, and what it cost, if anything."""

    versions: Mapping[str, Version]
    bytes: int | None = None
    job_id: str = ""
