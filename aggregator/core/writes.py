"""What a strategy asks of an engine: writes that can be repeated, and the questions to ask of the rows first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

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
    ``{value}`` in it. A number may be a date or a text, and so may its bounds. ``is_strict`` says of the lower and of
    the upper bound that it is excluded; ``over_nothing`` is the value where there are no rows.
    """

    name: str
    complaint: str
    place: Place
    violation: str = ""
    number: str = ""
    minimum: Any = 0
    maximum: Any = 0
    is_strict: tuple[bool, bool] = (False, False)
    over_nothing: float | None = 0

    @property
    def sql(self) -> str:
        """The number that must lie between the bounds."""
        return self.number or f"COUNTIF({self.violation})"

    def broken_by(self, value: Any) -> str:
        """What is wrong with a value; empty if nothing is. Without a value nothing lies between bounds."""
        low, high = self.minimum, self.maximum
        if low is None and high is None:
            return ""
        if value is None:
            return self.complaint.replace("{value}", "unknown, as there are no values")
        too_low = low is not None and (value <= low if self.is_strict[0] else value < low)
        too_high = high is not None and (value >= high if self.is_strict[1] else value > high)
        return self.complaint.replace("{value}", _told(value)) if too_low or too_high else ""


def _told(value: object) -> str:
    """A value in a sentence."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


Chosen: TypeAlias = Mapping[str, date | datetime]
"""The ends of input partitions that were chosen for a query, by the names of its parameters; mostly there are none."""


@dataclasses.dataclass(frozen=True)
class OverwritePartitions:
    """Replace the rows of the partitions in ``[start, end)`` by those of a query over the same interval.

    ``chosen`` has the parameters of the query beside ``@start`` and ``@end``.
    """

    table: TableName
    query: str
    columns: tuple[OutputColumn, ...]
    calendar: Calendar
    start: datetime
    end: datetime
    chosen: Chosen = dataclasses.field(default_factory=dict)

    @property
    def bounds(self) -> dict[str, date | datetime]:
        """``@start`` and ``@end``, in the type of the partition column."""
        return {"start": self.calendar.value(self.start), "end": self.calendar.value(self.end)}

    @property
    def parameters(self) -> dict[str, date | datetime]:
        """All parameters of the query."""
        return {**self.bounds, **self.chosen}


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
    values: tuple[Any, ...] = ()


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
