"""How many bytes BigQuery counts for a statement: of each table the columns that are read, in the partitions that are.

Which columns are read is the product's to say; what their values weigh is known here to the byte, since the rows are.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from zetasql.wasi._pb2.zetasql.public import type_pb2

from aggregator.analyzers.googlesql.reads import Node, reads_of
from aggregator.analyzers.googlesql.tables import Json
from aggregator.analyzers.googlesql.types import parsed

from .analyst import Analyst
from .warehouse import Path, Stored

SYSTEM_VIEW = 10 * 1024**2
"""What a query of INFORMATION_SCHEMA counts, whatever it reads."""

_SIZES = {
    type_pb2.TYPE_INT64: 8,
    type_pb2.TYPE_DOUBLE: 8,
    type_pb2.TYPE_BOOL: 1,
    type_pb2.TYPE_DATE: 8,
    type_pb2.TYPE_TIMESTAMP: 8,
    type_pb2.TYPE_DATETIME: 8,
    type_pb2.TYPE_TIME: 8,
    type_pb2.TYPE_NUMERIC: 16,
    type_pb2.TYPE_BIGNUMERIC: 32,
    type_pb2.TYPE_INTERVAL: 16,
    type_pb2.TYPE_RANGE: 16,
}


def size(value: Any, type_: type_pb2.TypeProto) -> int:
    """The logical size of a value; NULL has none."""
    kind = type_.type_kind
    if value is None:
        return 0
    if kind == type_pb2.TYPE_ARRAY:
        return sum(size(each, type_.array_type.element_type) for each in value)
    if kind == type_pb2.TYPE_STRUCT:
        return sum(
            size(each, field.field_type) for each, field in zip(value.values(), type_.struct_type.field, strict=True)
        )
    if kind == type_pb2.TYPE_JSON:
        assert isinstance(value, Json)
        return 2 + len(json.dumps(value.value, ensure_ascii=False, separators=(",", ":")).encode())
    if kind in (type_pb2.TYPE_STRING, type_pb2.TYPE_BYTES):
        return 2 + len(value.encode() if isinstance(value, str) else value)
    return _SIZES[kind]


class Meter:
    """Sums up the bytes of statements; ``unknown`` says why that can't be done."""

    def __init__(self, analyst: Analyst) -> None:
        self.total = 0
        self.unknown = ""
        self._analyst = analyst

    def query(self, resolved: Node, sql: str) -> None:
        """Count what a query reads."""
        self.add(self._reads(resolved, sql), sql)

    def scans(self, resolved: Node, leaves_out: Node) -> dict[Path, set[str]]:
        """The columns that a statement reads of each table that it names, of all but one of its scans."""
        found: dict[Path, set[str]] = collections.defaultdict(set)
        for scan, columns in reads_of(resolved).scans:
            if scan is not leaves_out:
                found[self._path(scan.table.full_name)] |= columns
        return found

    def _reads(self, resolved: Node, sql: str) -> dict[Path, set[str]]:
        reads = self._analyst.reads(resolved, sql)
        if reads is None:
            self.unknown = "a function takes tables"
            return {}
        found: dict[Path, set[str]] = collections.defaultdict(set)
        for written, columns in reads.items():
            found[self._path(written)] |= set(columns)
        return found

    def add(self, scans: Mapping[Path, Iterable[str]], sql: str) -> None:
        """Count columns of tables; a view counts as what it reads for them."""
        waiting = [(path, set(columns)) for path, columns in scans.items()]
        tables: dict[Path, set[str]] = collections.defaultdict(set)
        while waiting:
            path, columns = waiting.pop()
            stored = self._analyst.warehouse.lookup(".".join(filter(None, path)))
            if stored is None:
                self.unknown = f"there is no table {path}"
            elif stored.kind == "SYSTEM":
                self.total += SYSTEM_VIEW
            elif stored.view:
                named = ", ".join(f"`{each}`" for each in sorted(columns)) or "COUNT(*)"
                query = f"SELECT {named} FROM ({stored.view.rstrip().rstrip(';')})"
                waiting += self._reads(self._analyst.resolved(query), query).items()
            else:
                tables[path] |= columns
        for path, columns in tables.items():
            self._weigh(path, {each.casefold() for each in columns}, sql)

    def _weigh(self, path: Path, names: set[str], sql: str) -> None:
        stored = self._analyst.warehouse.lookup(".".join(filter(None, path)))
        assert stored is not None
        rows = self._analyst.content(stored)
        if rows is None:
            self.unknown = f"the rows of {path[2]} are not known: {self._analyst.complaint}"
            return
        read = self._read(stored, rows, sql)
        for place, column in enumerate(stored.columns):
            if column.name.casefold() in names:
                type_ = parsed(column.type)
                self.total += sum(size(row[place], type_) for row in read)

    def _path(self, written: str) -> Path:
        stored = self._analyst.warehouse.lookup(written)
        return stored.path if stored is not None else self._analyst.warehouse.path(written)

    def _read(self, stored: Stored, rows: list[tuple[Any, ...]], sql: str) -> list[tuple[Any, ...]]:
        """The rows of the partitions that conditions on the partitioning column leave."""
        keys = _keys(stored)
        if not keys or not rows or not sql:
            return rows
        found: list[tuple[Any, ...]] = []
        for select in sqlglot.parse_one(sql, dialect="bigquery").find_all(exp.Select):
            sources = _sources(select)
            if not any(each.name == stored.path[2] for each in sources):
                continue
            conditions = _on_keys(select, keys)
            if not conditions or len(sources) > 1:
                return rows
            kept = self._kept(stored, " AND ".join(conditions), keys)
            if kept is None:
                return rows
            found += [row for row in kept if row not in found]
        return found

    def _kept(self, stored: Stored, condition: str, keys: set[str]) -> tuple[tuple[Any, ...], ...] | None:
        """The rows of all partitions that have a row for which the condition holds."""
        name = f"`{'.'.join(filter(None, stored.path))}`"
        by_value = not stored.partition or "BUCKET" in stored.partition.upper()
        partition = next(iter(keys)) if by_value else stored.partition
        star = ", ".join(["*", *(each.name for each in stored.pseudo)])
        chosen = f"SELECT {partition} FROM {name} WHERE {condition}"
        return self._analyst.rows(f"SELECT {star} FROM {name} WHERE {partition} IN ({chosen})")


def _keys(stored: Stored) -> set[str]:
    if stored.kind == "WILDCARD":
        return {"_table_suffix"}
    if not stored.partition:
        return set()
    tree = sqlglot.parse_one(stored.partition, dialect="bigquery")
    return {next(tree.find_all(exp.Column)).name.casefold()}


def _sources(select: exp.Select) -> list[exp.Table]:
    first = select.args.get("from_")
    joins = select.args.get("joins") or []
    return [each.this for each in [*filter(None, [first]), *joins] if isinstance(each.this, exp.Table)]


def _on_keys(select: exp.Select, keys: set[str]) -> list[str]:
    """The conditions that read nothing but the keys, without the names of tables before them."""
    where = select.args.get("where")
    if where is None:
        return []
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    found = []
    for part in parts:
        columns = list(part.find_all(exp.Column))
        if columns and all(each.name.casefold() in keys for each in columns) and not part.find(exp.Select):
            bare = part.transform(lambda each: exp.column(each.this) if isinstance(each, exp.Column) else each)
            found.append(f"({bare.sql('bigquery')})")
    return found
