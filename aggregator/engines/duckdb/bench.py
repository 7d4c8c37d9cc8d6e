"""A database in memory for unit tests: tables of a few given rows, and what a model makes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from concurrent import futures
from typing import TYPE_CHECKING, Any

import duckdb

from aggregator.core.names import TableName
from aggregator.core.writes import Write
from aggregator.engines.duckdb.catalog import quoted
from aggregator.engines.duckdb.connection import Connection, in_utc
from aggregator.engines.duckdb.dialect import type_to_duckdb
from aggregator.engines.duckdb.errors import translated
from aggregator.engines.duckdb.reading import readable
from aggregator.engines.duckdb.staging import Staging
from aggregator.engines.duckdb.types import stored_type
from aggregator.engines.protocol import QueryError

if TYPE_CHECKING:
    from aggregator.core.graph import Graph, OutputColumn

_AT_ONCE = 500
"""Rows that one statement inserts."""

_NOT_HELD = ("GEOGRAPHY", "INTERVAL", "RANGE")
"""Types of BigQuery's of which there are no values here; a column of them is there, and NULL."""


class _Memory(Connection):
    """A database that nobody else sees, and that needs no lock."""

    def __init__(self) -> None:
        self._parsed: dict[str, duckdb.Statement] = {}
        self._made: set[str] = set()
        self._has_python = False
        self._functions = set()
        self._told = {}
        self._worker = futures.ThreadPoolExecutor(max_workers=1)
        self.db = in_utc(duckdb.connect())

    def close(self) -> None:
        """Forget it."""
        self._worker.shutdown()
        self.db.close()


class DuckDbBench:
    """Tables are made once and filled anew for each test; a query is translated once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._db = _Memory()
        self._db.execute("SET threads = 1")  # a second one costs more than it gains on a few rows
        self._staging = Staging(self._db, graph)
        self._made: dict[TableName, tuple[tuple[str, str], ...]] = {}

    @translated()
    def fill(self, table: TableName, columns: Sequence[OutputColumn], rows: Sequence[Mapping[str, object]]) -> None:
        """Let a table have these rows and no others; columns that a row does not have are NULL."""
        for each in columns:
            if each.type.startswith(_NOT_HELD) and any(row.get(each.name) is not None for row in rows):
                raise QueryError(f"the embedded engine holds no values of type {each.type}")
        types = tuple((each.name, _held_type(each)) for each in columns)
        if self._made.get(table) != types:
            listed = ", ".join(f'"{name}" {type_}' for name, type_ in types)
            self._db.db.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.dataset}"')
            self._db.db.execute(f"CREATE OR REPLACE TABLE {quoted(table)} ({listed})")
            self._made[table] = types
        else:
            self._db.execute(f"DELETE FROM {quoted(table)}")
        for start in range(0, len(rows), _AT_ONCE):
            self._insert(table, rows[start : start + _AT_ONCE])

    @translated()
    def rows(self, write: Write) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows that the query of a write gives, with the types that it would write."""
        query = readable(write.query, self._graph, self._graph.upstream(write.table))
        return self._staging.computed(dataclasses.replace(write, query=query))

    def close(self) -> None:
        """Forget all of it."""
        self._db.close()

    def _insert(self, table: TableName, rows: Sequence[Mapping[str, object]]) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row))
        if not names:  # rows of which nothing is said
            names = [self._made[table][0][0]]
        places = ", ".join(f"({', '.join('?' for _ in names)})" for _ in rows)
        listed = ", ".join(f'"{name}"' for name in names)
        values = [row.get(name) for row in rows for name in names]
        self._db.db.execute(f"INSERT INTO {quoted(table)} ({listed}) VALUES {places}", values)


def _held_type(column: OutputColumn) -> str:
    type_ = stored_type(column)
    return "VARCHAR" if type_.startswith(_NOT_HELD) else type_to_duckdb(type_)
