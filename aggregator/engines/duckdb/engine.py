"""The embedded warehouse: stage, look, publish, record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.names import TableName
from aggregator.core.warehouse import ABSENT, WHOLE, LedgerRow, Snapshot, Version, Versions
from aggregator.core.writes import Batch, Expectation, OverwritePartitions, ReplaceTable, ReplaceView, Staged, Write
from aggregator.engines.duckdb.catalog import (
    Columns,
    grouped_sql,
    quoted,
    table_columns,
    table_versions,
    view_versions,
)
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.dialect import MACROS, expression_to_duckdb, to_duckdb, type_to_duckdb
from aggregator.engines.duckdb.errors import lost, translated
from aggregator.engines.duckdb.ingest import is_loaded, load, locate
from aggregator.engines.duckdb.ledger import DDL, SCHEMA, VERSION, append_rows, read_ledger
from aggregator.engines.protocol import ColumnsChangedError, QueryError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar, Partition
    from aggregator.core.graph import Graph

_STAGING = "_staging"
_SCHEMAS_IN_USE = (
    "SELECT schema_name FROM duckdb_tables() UNION SELECT schema_name FROM duckdb_views() WHERE NOT internal"
)
_ALL_THREADS = 0
Parameters: TypeAlias = dict[str, date]
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})


class DuckDbEngine:
    """One file, one writer. Between opening and closing nobody else can change it, so versions are read once."""

    def __init__(self, graph: Graph, *, wait: float, say: Callable[[str], None]) -> None:
        self._graph = graph
        self._say = say
        path = graph.project.root / graph.project.environment.path
        self._connection = Connection(path, wait=wait, say=say)
        self._db = self._connection
        self._queries: dict[TableName, tuple[str, Columns]] = {}
        self._threads = 0
        try:
            with translated(lost):
                self._prepare()
                self._tables = table_columns(self._db)
        except BaseException:
            self.close()
            raise
        self._versions: Versions | None = None

    def close(self) -> None:
        """Let others in."""
        self._connection.close()

    def now(self) -> datetime:
        """This machine's clock: the warehouse is on it."""
        return datetime.now(UTC)

    @translated(lost)
    def ingest(self) -> tuple[Diagnostic, ...]:
        """Load each source whose file is new or changed."""
        problems = []
        for source in self._graph.sources.values():
            if source.local is None:
                continue
            path = locate(self._graph.project.root, source.local)
            if isinstance(path, Diagnostic):
                problems.append(path)
            elif source.name not in self._tables or not is_loaded(self._db, source, path):
                self._say(f"loading {source.name} from {source.local}")
                problem = load(self._db, source, path, self.now())
                problems += [problem] if problem else []
                self._tables = table_columns(self._db)
                self._versions = None
        return tuple(problems)

    @translated(lost)
    def snapshot(self) -> Snapshot:
        """Versions, ledger and clock."""
        return Snapshot(self.versions(), read_ledger(self._db), self.now())

    @translated(lost)
    def versions(self) -> Versions:
        """Read once from the file, then kept up with what is published here."""
        if self._versions is None:
            views = view_versions(self._db)
            self._versions = {name: views[name] for name in self._graph.calendars if name in views}
            for name, calendar in self._graph.calendars.items():
                if name in self._tables:
                    self._versions[name] = table_versions(self._db, name, self._tables[name], calendar)
        return self._versions

    @translated()
    def stage(self, write: Write, expectations: Sequence[Expectation]) -> Staged:
        """Run the query into a temporary table and measure each partition in it, in one more query."""
        parameters: Parameters = {}
        calendar = write.calendar if isinstance(write, OverwritePartitions) else None
        if isinstance(write, OverwritePartitions):
            parameters = {"start": write.calendar.value(write.start), "end": write.calendar.value(write.end)}
        query, columns = self._typed_query(write, parameters)
        self._use_threads(1 if calendar is not None and _is_one_partition(write) else _ALL_THREADS)
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE {_STAGING} AS {query}", _used(parameters, query))
        return Staged(self._measured(write, columns, expectations), self._fits(write, columns))

    def _measured(self, write: Write, columns: Columns, expectations: Sequence[Expectation]) -> dict[str, Batch]:
        """Rows, digest and expectations of each staged partition. Which condition was met is a second question."""
        conditions = [each.violation for each in expectations if each.violation]
        numbers = [each.number for each in expectations if each.number]
        asked = [*numbers, f"COUNTIF({' OR '.join(f'({each})' for each in conditions)})"] if conditions else numbers
        rows = self._counted(write, columns, asked)
        if conditions and any(row[-1] for row in rows):
            rows = self._counted(write, columns, [each.sql for each in expectations])
            return {row[0]: Batch(row[1], row[2] or "", row[3:]) for row in rows}
        batches = {}
        for row in rows:
            counted = iter(row[3:])
            values = tuple(next(counted) if each.number else 0 for each in expectations)
            batches[row[0]] = Batch(row[1], row[2] or "", values)
        return batches

    def _counted(self, write: Write, columns: Columns, asked: Sequence[str]) -> list[tuple[Any, ...]]:
        """A row of numbers for each staged partition. One alone needs no grouping, unless rows stray from it."""
        values = [expression_to_duckdb(each) for each in asked]
        if not isinstance(write, OverwritePartitions):
            return self._db.execute(grouped_sql(_STAGING, columns, None, values)).fetchall()
        if _is_one_partition(write):
            bounds = {"start": write.calendar.value(write.start), "end": write.calendar.value(write.end)}
            column = f'"{write.calendar.column}"'
            inside = f"count(*) FILTER (WHERE {column} >= $start AND {column} < $end)"
            sql = grouped_sql(_STAGING, columns, None, [*values, inside])
            _, *numbers, rows_inside = self._db.execute(sql, bounds).fetchall()[0]
            if rows_inside == numbers[0]:
                return [(write.calendar.id(write.start), *numbers)] if rows_inside else []
        return self._db.execute(grouped_sql(_STAGING, columns, write.calendar, values)).fetchall()

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        """One transaction."""
        with translated(lost):
            self._db.execute("BEGIN")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Back to what the file holds, if it still can be read; the error that led here is the one to tell."""
        self._versions = None
        with contextlib.suppress(duckdb.Error, RuntimeError):
            self._db.execute("ROLLBACK")
        with contextlib.suppress(duckdb.Error, RuntimeError):
            self._tables = table_columns(self._db)

    @translated()
    def publish(self, write: Write, staged: Staged, partitions: Collection[str]) -> dict[str, Version]:
        """Delete and insert."""
        if isinstance(write, OverwritePartitions):
            self._overwrite(write, partitions)
        else:
            self._replace(write, self._queries[write.table][1])
        current = self.versions().setdefault(write.table, {})
        for partition in partitions:
            batch = staged.batches.get(partition)
            if batch is not None and batch.rows:
                current[partition] = Version(batch.rows, batch.checksum)
            else:
                current.pop(partition, None)
        return {partition: current.get(partition, ABSENT) for partition in partitions}

    @translated()
    def publish_view(self, write: ReplaceView) -> Version:
        """Create or replace the view; what it calls goes into the file with it, so that every client can read it."""
        for macro in MACROS:
            self._db.execute(f"CREATE OR REPLACE MACRO {macro}")
        self._db.execute(f'CREATE SCHEMA IF NOT EXISTS "{write.table.dataset}"')
        self._make_readable(write.table)
        self.forget(write.table)
        self._db.execute(f"CREATE OR REPLACE VIEW {quoted(write.table)} AS {to_duckdb(write.query)}")
        current = self.versions()[write.table] = view_versions(self._db)[write.table]
        return current[WHOLE]

    @translated()
    def forget(self, table: TableName) -> None:
        """Drop the table, if there is one."""
        if self._tables.pop(table, None) is not None:
            self._db.execute(f"DROP TABLE {quoted(table)}")
            self.versions().pop(table, None)

    @translated(lost)
    def record(self, rows: Iterable[LedgerRow]) -> None:
        """Append to the ledger."""
        append_rows(self._db, list(rows))

    @translated()
    def sample(self, table: TableName, partition: str, limit: int) -> tuple[list[str], list[tuple[object, ...]]]:
        """Rows of a partition, or of the table."""
        calendar, model = self._graph.calendars.get(table), self._graph.models.get(table)
        where, parameters = "", {}
        if partition and calendar is not None:
            start = calendar.parse(partition)
            where = f'WHERE "{calendar.column}" >= $start AND "{calendar.column}" < $end'
            parameters = {"start": calendar.value(start), "end": calendar.value(calendar.next(start))}
        key = ", ".join(f'"{column}"' for column in model.model.key) if model else ""
        order = f"ORDER BY {key}" if key else ""
        with translated():
            cursor = self._db.execute(f"SELECT * FROM {quoted(table)} {where} {order} LIMIT {limit}", parameters)
            return [column[0] for column in cursor.description], cursor.fetchall()

    def _prepare(self) -> None:
        """Make the tables of our own in a new file; refuse a file that someone else made."""
        names = {row[0] for row in self._db.execute(_SCHEMAS_IN_USE).fetchall()}
        path = self._connection.path
        if SCHEMA in names:
            row = self._db.execute(f"SELECT version FROM {SCHEMA}.about").fetchone()
            if row is None or row[0] != VERSION:
                message = (
                    f"{path} was written by another version of aggregator (ledger {row and row[0]}, not {VERSION})"
                )
                raise WarehouseError(message, "use that version, or another `path:`; nothing was changed")
        elif names:
            message = f"{path} holds tables that aggregator did not make; it was left as it is"
            raise WarehouseError(message, "choose another `path:` in aggregator.yml")
        else:
            with self.publishing():
                for statement in DDL:
                    self._db.execute(statement)

    def _typed_query(self, write: Write, parameters: Parameters) -> tuple[str, Columns]:
        """The query in DuckDB's SQL, with its columns cast to the types that BigQuery would give, and these.

        Worked out once per model and run: describing a query costs as much as planning it.
        """
        if write.table not in self._queries:
            query = to_duckdb(write.query)
            self._make_readable(write.table)
            described = self._db.execute(f"DESCRIBE {query}", _used(parameters, query)).fetchall()
            expected = {column.name.casefold(): column.type for column in write.columns}
            columns = {row[0]: _type_of(row[1], expected.get(row[0].casefold(), "")) for row in described}
            if any(columns[row[0]] != row[1] for row in described):
                casts = ", ".join(f'CAST("{name}" AS {type_}) AS "{name}"' for name, type_ in columns.items())
                query = f"SELECT {casts} FROM ({query})"
            self._queries[write.table] = (query, columns)
        return self._queries[write.table]

    def _use_threads(self, count: int) -> None:
        """A second thread costs more than it gains on the few rows of one partition."""
        if count != self._threads:
            self._db.execute("RESET threads" if count == _ALL_THREADS else f"SET threads = {count}")
            self._threads = count

    def _make_readable(self, reader: TableName) -> None:
        """A partitioned table of which nothing was built yet is read as empty: a model's own, the first time, too."""
        for table in dict.fromkeys(edge.table for edge in self._graph.models[reader].inputs):
            model = self._graph.models.get(table)
            if model is None or model.calendar is None or table in self._tables:
                continue
            untyped = [column.name for column in model.columns if not column.type]
            if untyped:
                message = f"{table} is not built yet, and the types of {', '.join(untyped)} can't be inferred"
                raise QueryError(f"{message}; declare them: `columns: {{{untyped[0]}: {{type: INT64}}}}`")
            self._create(table, {column.name: type_to_duckdb(column.type) for column in model.columns})

    def _overwrite(self, write: OverwritePartitions, partitions: Collection[str]) -> None:
        """Delete and insert, one unbroken stretch of partitions at a time."""
        self._fit_table(write.table, self._queries[write.table][1])
        target, column = quoted(write.table), f'"{write.calendar.column}"'
        where = f"WHERE {column} >= $start AND {column} < $end"
        for start, end in _stretches(write.calendar, partitions):
            bounds = {"start": write.calendar.value(start), "end": write.calendar.value(end)}
            self._db.execute(f"DELETE FROM {target} {where}", bounds)
            self._db.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {_STAGING} {where}", bounds)

    def _fits(self, write: Write, columns: Columns) -> bool:
        """Whether the table is there and has the staged columns; one that is replaced whole, in their order."""
        current = self._tables.get(write.table)
        if isinstance(write, ReplaceTable):
            return current is not None and [*current.items()] == [*columns.items()]
        return current == columns

    def _replace(self, write: ReplaceTable, columns: Columns) -> None:
        table = write.table
        if not self._fits(write, columns):
            self.forget(table)
            self._create(table, columns)
        self._db.execute(f"DELETE FROM {quoted(table)}")
        self._db.execute(f"INSERT INTO {quoted(table)} SELECT * FROM {_STAGING}")

    def _create(self, table: TableName, columns: Columns) -> None:
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        self._db.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.dataset}"')
        self._db.execute(f"DROP VIEW IF EXISTS {quoted(table)}")
        self._db.execute(f"CREATE TABLE {quoted(table)} ({listed})")
        described = self._db.execute(f"DESCRIBE {quoted(table)}").fetchall()
        self._tables[table] = {row[0]: row[1] for row in described}

    def _fit_table(self, table: TableName, staged: Columns) -> None:
        """Make the target ready for the staged columns: new ones are added, other changes refused."""
        current = self._tables.get(table)
        if current is None:
            self._create(table, staged)
            return
        if current == staged:
            return
        gone = [name for name in current if name not in staged]
        retyped = [name for name, type_ in staged.items() if current.get(name, type_) != type_]
        if (gone or retyped) and not self.versions().get(table):
            self.forget(table)  # without rows there is nothing to fit beside
            self._create(table, staged)
            return
        if gone or retyped:
            changes = [f"{name} is gone" for name in gone]
            changes += [f"{name} was {current[name]} and is {staged[name]}" for name in retyped]
            raise ColumnsChangedError("; ".join(changes))
        for name, type_ in staged.items():
            if name not in current:
                self._db.execute(f'ALTER TABLE {quoted(table)} ADD COLUMN "{name}" {type_}')
                current[name] = type_
        # a new column changes the digest of every partition
        calendar = self._graph.calendars[table]
        self.versions()[table] = table_versions(self._db, table, current, calendar)


def _stretches(calendar: Calendar, partitions: Collection[str]) -> Iterator[tuple[Partition, Partition]]:
    """Start and end of each unbroken run of partitions."""
    start = end = None
    for partition in sorted(calendar.parse(each) for each in partitions):
        if start is not None and end is not None and partition != end:
            yield start, end
            start = None
        start = start or partition
        end = calendar.next(partition)
    if start is not None and end is not None:
        yield start, end


def _is_one_partition(write: Write) -> bool:
    return isinstance(write, OverwritePartitions) and write.calendar.next(write.start) == write.end


def _used(parameters: Parameters, query: str) -> Parameters:
    """DuckDB refuses parameters that the query does not have."""
    return {name: value for name, value in parameters.items() if f"${name}" in query}


def _type_of(type_: str, expected: str) -> str:
    """The type that a column would have on BigQuery, which has one integer type and one floating-point type."""
    if type_ in _INTEGERS:
        return "BIGINT"
    if type_.startswith(("DECIMAL", "DOUBLE")) and expected.startswith(("NUMERIC", "BIGNUMERIC")):
        return "DECIMAL(38,9)" if expected.startswith("NUMERIC") else "DECIMAL(38,18)"
    if type_ == "FLOAT" or (type_.startswith("DECIMAL") and type_ != "DECIMAL(38,9)"):
        return "DOUBLE"
    if type_.startswith("TIMESTAMP") and expected == "DATE":
        return "DATE"
    return "TIMESTAMP WITH TIME ZONE" if (type_, expected) == ("TIMESTAMP", "TIMESTAMP") else type_
