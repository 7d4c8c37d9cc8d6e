"""The embedded warehouse: stage, look, publish, record."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import duckdb

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import Fidelity
from aggregator.core.names import TableName
from aggregator.core.warehouse import ABSENT, WHOLE, LedgerRow, Snapshot, Version, Versions
from aggregator.core.writes import Expectation, OverwritePartitions, Published, ReplaceTable, ReplaceView, Staged, Write
from aggregator.engines.codes import NOT_AS_BIGQUERY
from aggregator.engines.duckdb.catalog import Columns, moment_sql, quoted, view_versions
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.dialect.called import macros_in
from aggregator.engines.duckdb.dialect.python import IN_JAVASCRIPT, MARK
from aggregator.engines.duckdb.errors import lost, translated
from aggregator.engines.duckdb.freshness import read_arrivals, write_freshness
from aggregator.engines.duckdb.ingest import is_loaded, load, origin_of, unload_sample
from aggregator.engines.duckdb.ledger import DDL, SCHEMA, UPGRADES, VERSION, append_rows, read_history, read_ledger
from aggregator.engines.duckdb.reading import from_staging, readable, schema_of, schemas_of, to_come, with_own_columns
from aggregator.engines.duckdb.staging import STAGING, Staging, used
from aggregator.engines.duckdb.tables import Tables
from aggregator.engines.duckdb.trial import DuckDbTrial
from aggregator.engines.duckdb.types import told_type
from aggregator.engines.duckdb.unload import Storage
from aggregator.engines.protocol import Culprit, NotHereError, QueryError, Rows, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar, Partition
    from aggregator.core.freshness import Arrival, FreshnessReport
    from aggregator.core.graph import CompiledModel, Graph
    from aggregator.core.unload import Unload

_STORAGE = ".aggregator/storage"
_ADVICE = "write it another way (docs/local-engine.md), build it on BigQuery, or pass --allow-inexact"
_SCHEMAS_IN_USE = (
    "SELECT schema_name FROM duckdb_tables() UNION SELECT schema_name FROM duckdb_views() WHERE NOT internal"
)


class DuckDbEngine:
    """One file, one writer."""

    parallel = 1
    """A query has all cores of the machine already."""

    def __init__(self, graph: Graph, *, wait: float, say: Callable[[str], None]) -> None:
        self._graph = graph
        self._say = say
        path = graph.project.root / graph.project.environment.path
        self._connection = Connection(path, wait=wait, say=say)
        self._db = self._connection
        self._staging = Staging(self._connection, graph)
        self._storage = Storage(graph.project.root / (graph.project.environment.storage or _STORAGE))
        try:
            with translated(lost):
                self._prepare()
                self._tables = Tables(self._db, graph.calendars)
        except BaseException:
            self.close()
            raise

    def job_url(self, job_id: str) -> str:
        """Nowhere."""
        return ""

    def left(self) -> tuple[str, ...]:
        """None: a query ends with its process."""
        return ()

    def is_running(self, jobs: Iterable[str]) -> bool:
        """As there are none."""
        return False

    def cancel(self) -> None:
        """Interrupt the query."""
        self._connection.db.interrupt()

    def close(self) -> None:
        """Let others in."""
        self._connection.close()

    def now(self) -> datetime:
        """This machine's clock: the warehouse is on it."""
        return datetime.now(UTC)

    @translated(lost)
    def ingest(self) -> tuple[Diagnostic, ...]:
        """Load each source whose files are new or changed."""
        problems = []
        for source in self._graph.sources.values():
            origin = origin_of(self._graph.project.root, source)
            if isinstance(origin, Diagnostic):
                problems.append(origin)
            elif origin is None:
                if source.name in self._tables.columns and unload_sample(self._db, source):
                    self._tables.reread()
            elif source.name not in self._tables.columns or not is_loaded(self._db, source, origin):
                self._say(f"loading {source.name} from {origin.name}")
                problem = load(self._db, source, origin, self.now())
                problems += [problem] if problem else []
                self._tables.reread()
        return tuple(problems)

    @translated(lost)
    def snapshot(self) -> Snapshot:
        """Versions, columns, ledger and clock."""
        columns = {
            name: {column: told_type(type_) for column, type_ in found.items()}
            for name, found in self._tables.columns.items()
            if name in self._graph.models
        }
        return Snapshot(self.versions(), read_ledger(self._db), self.now(), columns=columns)

    @translated(lost)
    def versions(self) -> Versions:
        """Read once from the file, then kept up with what is published here."""
        return self._tables.versions()

    def hold(self, _table: TableName) -> bool:
        """Whoever opened the file holds all of its tables."""
        return False

    @translated()
    def stage(self, write: Write, expectations: Sequence[Expectation]) -> Staged:
        """Run the query and measure the rows."""
        self._make_readable(write.table)
        query = readable(write.query, self._graph, self._graph.upstream(write.table))
        write = dataclasses.replace(write, query=query)
        model = self._graph.models[write.table]
        batches = self._staging.fill(with_own_columns(write, model, self._tables), expectations)
        return Staged(batches, self._fits(write, self._staging.columns(write.table)))

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
        with contextlib.suppress(duckdb.Error, RuntimeError):
            self._db.execute("ROLLBACK")
        with contextlib.suppress(duckdb.Error, RuntimeError):
            self._tables.reread()

    @translated()
    def publish(self, write: Write, staged: Staged, partitions: Collection[str]) -> Published:
        """Delete and insert."""
        if isinstance(write, OverwritePartitions):
            self._overwrite(write, partitions)
        else:
            self._replace(write, self._staging.columns(write.table))
        current = self.versions().setdefault(write.table, {})
        for partition in partitions:
            batch = staged.batches.get(partition)
            if batch is not None and batch.rows:
                current[partition] = Version(batch.rows, batch.checksum)
            else:
                current.pop(partition, None)
        return Published({partition: current.get(partition, ABSENT) for partition in partitions})

    @translated()
    def publish_view(self, write: ReplaceView) -> Version:
        """Create or replace the view; what it calls goes into the file with it, so that every client can read it."""
        self._db.execute(f'CREATE SCHEMA IF NOT EXISTS "{write.table.dataset}"')
        self._make_readable(write.table)
        self.forget(write.table)
        readable_query = readable(write.query, self._graph, self._graph.upstream(write.table))
        query = to_duckdb(readable_query, schemas_of(self._graph, write.table))
        if MARK in query or IN_JAVASCRIPT in query:
            raise QueryError(f"a view can't call what only this program has; let {write.table} be a table")
        for macro in macros_in(query):
            self._db.execute(f"CREATE OR REPLACE MACRO {macro}")
        self._db.execute(f"CREATE OR REPLACE VIEW {quoted(write.table)} AS {query}")
        current = self.versions()[write.table] = view_versions(self._db)[write.table]
        return current[WHOLE]

    @translated()
    def forget(self, table: TableName) -> None:
        """Drop the table, if there is one."""
        self._tables.drop(table)

    @translated(lost)
    def record(self, rows: Iterable[LedgerRow]) -> None:
        """Append to the ledger."""
        append_rows(self._db, list(rows))

    @translated(lost)
    def history(self, table: TableName, partition: str) -> tuple[LedgerRow, ...]:
        """From the ledger."""
        return tuple(read_history(self._db, table, partition))

    def earlier(self, write: Write, moment: datetime) -> Write:
        """Nothing: rows that are replaced are gone."""
        del moment
        message = f"{write.table} can't be rolled back: DuckDB keeps no earlier rows of a table"
        raise NotHereError(message, "go back to the earlier SQL, and build it again: `aggregator run`")

    @translated(lost)
    def arrivals(self, limit: int) -> tuple[Arrival, ...]:
        """From the ledger."""
        return read_arrivals(self._db, limit)

    def publish_freshness(self, report: FreshnessReport) -> None:
        """A table of what was found, and a view that goes on with the clock."""
        with self.publishing():
            write_freshness(self._db, report.tables, report.at)

    @translated()
    def ask(self, query: str, parameters: Mapping[str, date | datetime]) -> tuple[object, ...]:
        """A question of one row."""
        row = self._db.execute(self._in_duckdb(query), dict(parameters)).fetchone()
        assert row is not None  # noqa: S101  (aggregates without GROUP BY give a row of nothing)
        return tuple(row)

    def culprit(self, write: Write, error: QueryError) -> Culprit | None:
        """By running the query again without some of its expressions."""
        from aggregator.engines.duckdb.blame import culprit  # noqa: PLC0415  (where all is well, nothing is searched)

        schemas = schemas_of(self._graph, write.table)
        return culprit(
            write.query, error, schemas, lambda query: self.stage(dataclasses.replace(write, query=query), ())
        )

    def refusal(self, model: CompiledModel) -> Diagnostic | None:
        """The first construct of a model that has not been shown to agree."""
        refused = [each for each in model.differences if each.fidelity is Fidelity.REFUSED]
        if not refused:
            return None
        others = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        message = f"{model.name} is not built here: {refused[0].construct}: {refused[0].why}{others}"
        return Diagnostic(refused[0].place, NOT_AS_BIGQUERY, message, _ADVICE)

    @translated()
    def rows(self, query: str, parameters: Mapping[str, date | datetime]) -> Rows:
        """A question of many rows."""
        sql = self._in_duckdb(query)
        cursor = self._db.execute(sql, used(parameters, sql))
        return [column[0] for column in cursor.description], cursor.fetchall()

    def _in_duckdb(self, query: str) -> str:
        """A question, translated with the types of the tables that it may mention."""
        names = [name for name in self._graph.calendars if name.table in query]
        schemas = {name: schema_of(self._graph, name) or {} for name in names}
        return to_duckdb(readable(query, self._graph, self._graph.sources), schemas)

    def staged_rows(
        self, table: TableName, staged: Staged, query: str, parameters: Mapping[str, date | datetime]
    ) -> Rows:
        """A question about what is in the staging table."""
        return self.rows(from_staging(query, table, STAGING), parameters)

    @translated()
    def sample(self, table: TableName, partition: str, limit: int) -> Rows:
        """Rows of a partition, or of the table."""
        model = self._graph.models.get(table)
        where, parameters = _only(self._graph.calendars.get(table), partition)
        key = ", ".join(f'"{column}"' for column in model.model.key) if model else ""
        order = f"ORDER BY {key}" if key else ""
        with translated():
            cursor = self._db.execute(f"SELECT * FROM {quoted(table)} {where} {order} LIMIT {limit}", parameters)
            return [column[0] for column in cursor.description], cursor.fetchall()

    def unloaded(self, folders: Iterable[str]) -> dict[str, str]:
        """What the files say of themselves."""
        return self._storage.unloaded(folders)

    @translated()
    def unload(self, unload: Unload) -> None:
        """One file."""
        self._storage.unload(self._db, unload, *_only(self._graph.calendars.get(unload.table), unload.partition))

    @contextlib.contextmanager
    def trial(self, graph: Graph, name: str) -> Iterator[DuckDbTrial]:
        """A database in memory."""
        trial = DuckDbTrial(self._db, self._tables, graph, name)
        with translated(lost):
            trial.attach()
        try:
            yield trial
        finally:
            with translated(lost):
                trial.detach()

    def _prepare(self) -> None:
        """Make the tables of our own in a new file; refuse a file that someone else made."""
        names = {row[0] for row in self._db.execute(_SCHEMAS_IN_USE).fetchall()}
        path = self._connection.path
        if SCHEMA in names:
            row = self._db.execute(f"SELECT version FROM {SCHEMA}.about").fetchone()
            if row is not None and row[0] in UPGRADES:
                with self.publishing():
                    for statement in UPGRADES[row[0]]:
                        self._db.execute(statement)
            elif row is None or row[0] != VERSION:
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

    def _make_readable(self, reader: TableName) -> None:
        """A partitioned table of which nothing was built yet is read as empty: a model's own, the first time, too."""
        for table, columns in list(to_come(self._graph, reader, self._tables.columns)):
            self._tables.create(table, columns)

    def _overwrite(self, write: OverwritePartitions, partitions: Collection[str]) -> None:
        """Delete and insert, one unbroken stretch of partitions at a time."""
        self._tables.fit(write.table, self._staging.columns(write.table))
        target, column = quoted(write.table), f'"{write.calendar.column}"'
        where = f"WHERE {column} >= $start AND {column} < $end"
        for start, end in _stretches(write.calendar, partitions):
            bounds = {"start": write.calendar.value(start), "end": write.calendar.value(end)}
            self._db.execute(f"DELETE FROM {target} {where}", bounds)
            self._db.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {STAGING} {where}", bounds)

    def _fits(self, write: Write, columns: Columns) -> bool:
        """Whether the table is there and has the staged columns; one that is replaced whole, in their order."""
        if isinstance(write, ReplaceTable):
            return [*self._tables.columns.get(write.table, {}).items()] == [*columns.items()]
        return self._tables.fits(write.table, columns)

    def _replace(self, write: ReplaceTable, columns: Columns) -> None:
        table = write.table
        if not self._fits(write, columns):
            self._tables.drop(table)
            self._tables.create(table, columns)
        self._db.execute(f"DELETE FROM {quoted(table)}")
        self._db.execute(f"INSERT INTO {quoted(table)} SELECT * FROM {STAGING}")


def _only(calendar: Calendar | None, partition: str) -> tuple[str, dict[str, date | datetime]]:
    """The condition for the rows of a partition, and its parameters; nothing for a whole table."""
    if not partition or calendar is None:
        return "", {}
    start = calendar.parse(partition)
    where = f"WHERE {moment_sql(calendar)} >= $start AND {moment_sql(calendar)} < $end"
    return where, {"start": calendar.value(start), "end": calendar.value(calendar.next(start))}


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
