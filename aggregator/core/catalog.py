"""What stands in a warehouse: tables with their columns and sizes, as of some moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from aggregator.core.calendar import Grain
from aggregator.core.names import TableName


@dataclasses.dataclass(frozen=True)
class Size:
    """Of a table or partition: its rows, and its logical bytes, which are what queries are billed by."""

    rows: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class StoredColumn:
    """A column of a table. ``bytes`` are those of all its values, None where that is not known."""

    name: str
    type: str
    description: str = ""
    bytes: int | None = None


@dataclasses.dataclass(frozen=True)
class StoredTable:
    """A table, or view, as it stands in a warehouse.

    ``partitions`` have the sizes by partition id as in ``core.calendar``; they are empty where the table has none or
    they are not known. ``partition_column`` and ``grain`` are set where the table is cut by time. ``modified`` is when
    rows or columns changed last (UTC, naive).
    """

    name: TableName
    columns: tuple[StoredColumn, ...]
    size: Size
    partition_column: str = ""
    grain: Grain | None = None
    partitions: Mapping[str, Size] = dataclasses.field(default_factory=dict)
    clustering: tuple[str, ...] = ()
    requires_partition_filter: bool = False
    modified: datetime | None = None


@dataclasses.dataclass(frozen=True)
class Catalog:
    """The tables of an environment that a project reads or builds, at the moment ``taken_at`` (UTC, naive)."""

    environment: str
    taken_at: datetime | None
    tables: Mapping[TableName, StoredTable]
