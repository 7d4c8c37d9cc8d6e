"""What is in a small warehouse: tables with their rows, and routines."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeAlias

from aggregator.analyzers.googlesql.catalog import information_schema
from aggregator.analyzers.protocol import Field, Relation

from .corpus import DATASET, PROJECT

Path: TypeAlias = tuple[str, str, str]
"""Project, dataset and table; a temporary table has the last alone."""

SUFFIX = Field("_TABLE_SUFFIX", "STRING")
INGESTED = (Field("_PARTITIONTIME", "TIMESTAMP"), Field("_PARTITIONDATE", "DATE"))


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table; its mode is NULLABLE or REQUIRED, arrays are told by their type."""

    name: str
    type: str
    mode: str = "NULLABLE"


@dataclasses.dataclass(frozen=True)
class Stored:
    """A table or view. ``rows`` is None where it is not known what is in it; ``partition`` is an expression."""

    path: Path
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...] | None = ()
    kind: str = "TABLE"
    view: str = ""
    partition: str = ""

    @property
    def pseudo(self) -> tuple[Field, ...]:
        """Columns that a star leaves out."""
        if self.kind == "WILDCARD":
            return (SUFFIX,)
        return INGESTED if "_PARTITION" in self.partition.upper() else ()

    def relation(self, written: str) -> Relation:
        """The table under the name by which a query calls it."""
        return Relation(written, tuple(Field(each.name, each.type) for each in self.columns), self.pseudo)


@dataclasses.dataclass(frozen=True)
class Procedure:
    """A procedure, with its arguments by name and type."""

    body: str
    arguments: tuple[Field, ...]
    signature: Any


class Warehouse:
    """Tables, views, functions and procedures, by name."""

    def __init__(self, default: tuple[str, str] | None = None) -> None:
        self.default = default
        self.tables: dict[Path, Stored] = {}
        self.routines: dict[str, str] = {}
        self.procedures: dict[str, Procedure] = {}

    def copy(self) -> Warehouse:
        """The same, to be changed by itself."""
        other = Warehouse(self.default)
        other.tables, other.routines, other.procedures = dict(self.tables), dict(self.routines), dict(self.procedures)
        return other

    def path(self, written: str) -> Path:
        """What a name means."""
        match written.split("."):
            case [table]:
                return (*(self.default or ("", "")), table)
            case [dataset, table]:
                return PROJECT, dataset, table
            case [project, dataset, *rest]:
                return project, dataset, ".".join(rest)
        raise AssertionError(written)

    def lookup(self, written: str) -> Stored | None:
        """The table that a name means, if there is one."""
        view = information_schema(written)
        if view is not None:
            columns = tuple(Column(each.name, each.type) for each in view.columns)
            return Stored(("", "", written), columns, None, "SYSTEM")
        path = self.path(written)
        if path[2].endswith("*"):
            return self._wildcard(path)
        temporary = self.tables.get(("", "", written))
        return self.tables.get(path, temporary)

    def members(self, wildcard: Path) -> list[Stored]:
        """The tables that a wildcard means, oldest first."""
        return [
            table
            for path, table in self.tables.items()
            if path[:2] == wildcard[:2] and path[2].startswith(wildcard[2][:-1]) and not table.view
        ]

    def put(self, table: Stored) -> None:
        """Make a table the newest of all."""
        self.tables.pop(table.path, None)
        self.tables[table.path] = table

    def _wildcard(self, path: Path) -> Stored | None:
        members = self.members(path)
        if not members:
            return None
        newest = members[-1].columns
        rows: list[tuple[Any, ...]] | None = []
        for member in members:
            if member.rows is None:
                return Stored(path, newest, None, "WILDCARD")
            rows += [
                (*_in_order(row, member.columns, newest), member.path[2][len(path[2]) - 1 :]) for row in member.rows
            ]
        return Stored(path, newest, tuple(rows), "WILDCARD")


def whole_rows(table: Stored) -> list[tuple[Any, ...]] | None:
    """The rows of a table with their pseudo-columns: what is written now is in the partition of today."""
    if table.rows is None:
        return None
    now = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    extra = (now, now.date()) if table.pseudo == INGESTED else ()
    return [(*row, *extra) for row in table.rows]


def dataset_of(written: str) -> tuple[str, str]:
    """The dataset that a name means."""
    project, dot, dataset = written.partition(".")
    return (project, dataset) if dot else (PROJECT, written or DATASET)


def _in_order(row: Sequence[Any], columns: Sequence[Column], wanted: Sequence[Column]) -> tuple[Any, ...]:
    values = {column.name.casefold(): value for column, value in zip(columns, row, strict=True)}
    return tuple(values.get(column.name.casefold()) for column in wanted)
