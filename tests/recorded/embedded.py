"""Queries in the embedded engine: tables filled with plain values, and rows as the reference engine writes them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from ready_duckdb import prepared
from zetasql.wasi._pb2.zetasql.public import type_pb2

from aggregator.analyzers.googlesql.tables import Interval, Json, Range
from aggregator.analyzers.googlesql.types import parsed
from aggregator.analyzers.protocol import Field
from aggregator.core.names import TableName
from aggregator.engines.duckdb.connection import with_python
from aggregator.engines.duckdb.dialect import to_duckdb, type_to_duckdb
from aggregator.engines.duckdb.staging import stored_value
from aggregator.engines.duckdb.types import column_type


@dataclasses.dataclass(frozen=True)
class Content:
    """A table with all its rows: project, dataset and name, of which the first may be empty."""

    path: tuple[str, str, str]
    columns: tuple[Field, ...]
    rows: tuple[tuple[Any, ...], ...]


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    db = prepared(duckdb.connect(":memory:"))
    with_python(db)
    return db


class Embedded:
    """A database in memory that holds some tables."""

    def __init__(self, tables: Sequence[Content]) -> None:
        self._db = _database()
        self._columns = {each.path[1:]: {column.name: column.type for column in each.columns} for each in tables}
        for each in tables:
            self._fill(each)

    def close(self) -> None:
        """Forget the tables."""
        for (name,) in self._db.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall():
            if name != "memory":
                self._db.execute(f'DETACH "{name}"')

    def translated(self, sql: str) -> str:
        """A query of BigQuery in DuckDB's SQL."""
        return to_duckdb(sql, {TableName(*path): columns for path, columns in self._columns.items()})

    def plain(self, query: str) -> list[tuple[Any, ...]]:
        """The rows as they are."""
        return self._db.execute(query).fetchall()

    def rows(
        self, query: str, columns: Sequence[Field], parameters: Any = ()
    ) -> tuple[tuple[tuple[Any, ...], ...], str]:
        """The rows as they would be stored, and how their types differ from those of the columns."""
        wanted = [each.type for each in columns]
        described = [row[1] for row in self._db.execute(f"DESCRIBE {query}", parameters).fetchall()]
        if len(described) != len(wanted):
            return (), f"{len(described)} columns, and there should be {len(wanted)}"
        stored = [column_type(self._db, type_, each) for type_, each in zip(described, wanted, strict=True)]
        names = [f"_{place}" for place in range(len(wanted))]
        casts = ", ".join(
            _in_parts(name) if type_ == "INTERVAL" else stored_value(name, type_, is_array=each.startswith("ARRAY"))
            for name, type_, each in zip(names, stored, wanted, strict=True)
        )
        found = self._db.execute(f"SELECT {casts} FROM ({query}) AS _found({', '.join(names)})", parameters).fetchall()
        others = [
            f"column {place} is {type_}, and should be {each}"
            for place, (type_, each) in enumerate(zip(stored, wanted, strict=True), start=1)
            if type_ != str(self._db.sqltype(type_to_duckdb(each)))
        ]
        types = [parsed(each) for each in wanted]
        return tuple(tuple(map(_value, row, types)) for row in found), "; ".join(others)

    def _fill(self, content: Content) -> None:
        catalog, dataset, name = content.path
        table = ".".join(f'"{part}"' for part in (catalog, dataset, name) if part)
        if catalog:
            known = self._db.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [catalog]).fetchall()
            if not known:
                self._db.execute(f"ATTACH ':memory:' AS \"{catalog}\"")
        if dataset:
            schema = f'"{catalog}"."{dataset}"' if catalog else f'"{dataset}"'
            self._db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        columns = ", ".join(f'"{each.name}" {type_to_duckdb(each.type)}' for each in content.columns)
        self._db.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
        for row in content.rows:
            self._db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", list(map(_bound, row)))


def _bound(value: Any) -> Any:
    if isinstance(value, Json):
        return json.dumps(value.value)
    if isinstance(value, Interval):
        return f"{value.months} months {value.days} days {value.microseconds} microseconds"
    return None if isinstance(value, Range) else value


def _value(value: Any, type_: Any) -> Any:
    """A value that DuckDB gave, as the reference engine writes it."""
    kind = type_.type_kind
    if value is None:
        return [] if kind == type_pb2.TYPE_ARRAY else None
    if kind == type_pb2.TYPE_ARRAY:
        return [_value(each, type_.array_type.element_type) for each in value]
    if kind == type_pb2.TYPE_STRUCT:
        fields = type_.struct_type.field
        given = list(value.values()) if isinstance(value, Mapping) else list(value)
        names = [each.field_name or f"_field_{place}" for place, each in enumerate(fields, start=1)]
        return {name: _value(each, field.field_type) for name, each, field in zip(names, given, fields, strict=True)}
    return _SCALARS.get(kind, lambda each: each)(value)


def _instant(value: Any) -> Any:
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo is None else value


def _in_parts(column: str) -> str:
    """An INTERVAL by its months, days and microseconds: Python has none with months."""
    months = f"12 * year({column}) + month({column})"
    clock = f"hour({column}) * 3600000000 + minute({column}) * 60000000 + microsecond({column})"
    return f"CASE WHEN {column} IS NOT NULL THEN [{months}, day({column}), {clock}] END AS {column}"


def _interval(value: Any) -> Any:
    return Interval(*value)


_SCALARS = {
    type_pb2.TYPE_DOUBLE: float,
    type_pb2.TYPE_JSON: lambda value: Json(json.loads(value) if isinstance(value, str) else value),
    type_pb2.TYPE_TIMESTAMP: _instant,
    type_pb2.TYPE_INTERVAL: _interval,
    type_pb2.TYPE_BYTES: bytes,
}
