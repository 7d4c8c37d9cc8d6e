"""Where rows wait until they were looked at: one temporary table, that of the step at hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from aggregator.core.names import TableName
from aggregator.core.writes import Batch, Expectation, OverwritePartitions, Write
from aggregator.engines.duckdb.catalog import Columns, grouped_sql
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.errors import translated
from aggregator.engines.duckdb.reading import any_of, schemas_of, without_calls
from aggregator.engines.duckdb.types import column_type, is_other_shape, stored_type
from aggregator.engines.protocol import CheckError, QueryError

if TYPE_CHECKING:
    from aggregator.core.graph import Graph
    from aggregator.engines.duckdb.connection import Connection

STAGING = "_staging"
_ALL_THREADS = 0
_ROW_GROUP = 122_880
"""So many rows at most DuckDB's threads take at once: of a table that has no more, one thread reads all."""

Parameters: TypeAlias = dict[str, date]


@dataclasses.dataclass(frozen=True)
class _Typed:
    """A query in BigQuery's SQL, the same in DuckDB's, and the columns that come out."""

    source: str
    sql: str
    columns: Columns


class Staging:
    """Runs queries into the staging table, and measures what came out."""

    def __init__(self, db: Connection, graph: Graph) -> None:
        self._db = db
        self._graph = graph
        self._queries: dict[TableName, _Typed] = {}
        self._threads = _ALL_THREADS
        db.know(graph.project.functions, graph.translations.functions)

    def columns(self, table: TableName) -> Columns:
        """The columns that were staged for a table."""
        return self._queries[table].columns

    def fill(self, write: Write, expectations: Sequence[Expectation], most_rows: int) -> dict[str, Batch]:
        """Run a query and measure each partition in its rows, in one more query.

        ``most_rows`` is how many rows the largest of the tables has that the query reads.
        """
        self._use_threads(1 if most_rows <= _ROW_GROUP or _is_one_partition(write) else _ALL_THREADS)
        self.run(write)
        return self._measured(write, self.columns(write.table), expectations)

    def run(self, write: Write) -> None:
        """Run a query into the staging table."""
        parameters = _parameters(write)
        typed = self._typed_query(write, parameters)
        self._db.compute(f"CREATE OR REPLACE TEMP TABLE {STAGING} AS {typed.sql}", used(parameters, typed.sql))

    def computed(self, write: Write) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of a query, as they would be staged."""
        parameters = _parameters(write)
        typed = self._typed_query(write, parameters)
        return list(typed.columns), self._db.execute(typed.sql, used(parameters, typed.sql)).fetchall()

    def _measured(self, write: Write, columns: Columns, expectations: Sequence[Expectation]) -> dict[str, Batch]:
        """Rows, digest and expectations of each staged partition. Which condition was met is a second question."""
        conditions = [each.violation for each in expectations if each.violation]
        numbers = [each.number for each in expectations if each.number]
        asked = [*numbers, any_of(conditions)] if conditions else numbers
        try:
            rows = self._counted(write, columns, asked)
            if conditions and any(row[-1] for row in rows):
                rows = self._counted(write, columns, [each.sql for each in expectations])
                return {row[0]: Batch(row[1], row[2] or "", row[3:]) for row in rows}
        except (duckdb.Error, QueryError):
            self._blame(write, columns, expectations)
            raise
        batches = {}
        for row in rows:
            counted = iter(row[3:])
            values = tuple(next(counted) if each.number else 0 for each in expectations)
            batches[row[0]] = Batch(row[1], row[2] or "", values)
        return batches

    def _blame(self, write: Write, columns: Columns, expectations: Sequence[Expectation]) -> None:
        """Say which of the numbers can't be computed, if it is one of them."""
        for each in expectations:
            try:
                with translated():
                    self._counted(write, columns, [each.sql])
            except QueryError as error:
                raise CheckError(str(error), each) from None

    def _counted(self, write: Write, columns: Columns, asked: Sequence[str]) -> list[tuple[Any, ...]]:
        """A row of numbers for each staged partition. One alone needs no grouping, unless rows stray from it."""
        values = [self._translated(f"SELECT {each}").removeprefix("SELECT ") for each in asked]
        if not isinstance(write, OverwritePartitions):
            return self._db.execute(grouped_sql(STAGING, columns, None, values)).fetchall()
        if _is_one_partition(write):
            column = f'"{write.calendar.column}"'
            inside = f"count(*) FILTER (WHERE {column} >= $start AND {column} < $end)"
            sql = grouped_sql(STAGING, columns, None, [*values, inside])
            _, *numbers, rows_inside = self._db.execute(sql, write.bounds).fetchall()[0]
            if rows_inside == numbers[0]:
                return [(write.calendar.id(write.start), *numbers)] if rows_inside else []
        return self._db.execute(grouped_sql(STAGING, columns, write.calendar, values)).fetchall()

    def _translated(self, question: str) -> str:
        told = self._graph.translations.texts.get(question)
        return told or to_duckdb(without_calls(question, self._graph))

    def _typed_query(self, write: Write, parameters: Parameters) -> _Typed:
        """The query in DuckDB's SQL, with its columns cast to the types that BigQuery would give.

        Worked out once per model and run: describing a query costs as much as planning it.
        """
        if write.table not in self._queries or self._queries[write.table].source != write.query:
            told = self._graph.translations.texts.get(write.query)
            query = told or to_duckdb(write.query, schemas_of(self._graph, write.table))
            described = self._db.execute(f"DESCRIBE {query}", used(parameters, query)).fetchall()
            expected = {column.name.casefold(): stored_type(column) for column in write.columns}
            columns = {
                name: column_type(self._db.db, type_, expected.get(name.casefold(), ""))
                for name, type_, *_ in described
            }
            for name, type_, *_ in described:
                if is_other_shape(type_, wanted := expected.get(name.casefold(), "")):
                    raise QueryError(f"{name} is {wanted} on BigQuery, and {type_} here: is it called like a table?")
            arrays = {column.name.casefold() for column in write.columns if column.type.startswith("ARRAY")}
            if any(columns[row[0]] != row[1] or row[0].casefold() in arrays for row in described):
                casts = ", ".join(
                    stored_value(each, columns[each], is_array=each.casefold() in arrays) for each in columns
                )
                query = f"SELECT {casts} FROM ({query})"
            self._queries[write.table] = _Typed(write.query, query, columns)
        return self._queries[write.table]

    def _use_threads(self, count: int) -> None:
        """A second thread costs more than it gains on few rows, as most of the time goes into planning."""
        if count != self._threads:
            self._db.execute("RESET threads" if count == _ALL_THREADS else f"SET threads = {count}")
            self._threads = count


def stored_value(name: str, type_: str, *, is_array: bool) -> str:
    """A column as it is to be stored. BigQuery stores no array that is NULL: it is empty then; and none with NULLs."""
    column = f'CAST("{name}" AS {type_})'
    if not is_array:
        return f'{column} AS "{name}"'
    return f"coalesce(_without_nulls({column}, '{name}'), []) AS \"{name}\""


def _parameters(write: Write) -> Parameters:
    """The parameters of the query of a write."""
    return write.parameters if isinstance(write, OverwritePartitions) else {}


def _is_one_partition(write: Write) -> bool:
    return isinstance(write, OverwritePartitions) and write.calendar.next(write.start) == write.end


def used(parameters: Mapping[str, date], query: str) -> Parameters:
    """DuckDB refuses parameters that the query does not have."""
    return {name: value for name, value in parameters.items() if f"${name}" in query}
