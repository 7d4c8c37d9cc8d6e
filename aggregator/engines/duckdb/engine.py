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
from aggregator.core.writes import Expectation, OverwritePartitions, Published, ReplaceView, Staged, Write
from aggregator.engines.codes import NOT_AS_BIGQUERY
from aggregator.engines.duckdb.called import macros_in
from aggregator.engines.duckdb.catalog import moment_sql, quoted, view_versions
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.dialect.marks import IN_JAVASCRIPT, MARK
from aggregator.engines.duckdb.errors import lost, translated
from aggregator.engines.duckdb.freshness import read_arrivals, write_freshness
from aggregator.engines.duckdb.ingest import is_loaded, load, origin_of, unload_sample
from aggregator.engines.duckdb.ledger import append_rows, prepare, read_history, read_ledger
from aggregator.engines.duckdb.publishing import fits, overwrite, replace
from aggregator.engines.duckdb.reading import (
    from_staging,
    most_rows,
    readable,
    schema_of,
    schemas_of,
    to_come,
    with_own_columns,
)
from aggregator.engines.duckdb.remembered import Remembered
from aggregator.engines.duckdb.staging import STAGING, Staging, used
from aggregator.engines.duckdb.tables import Tables
from aggregator.engines.duckdb.trial import DuckDbTrial
from aggregator.engines.duckdb.types import told_type
from aggregator.engines.duckdb.unload import Storage
from aggregator.engines.protocol import Culprit, NotHereError, QueryError, Rows

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.freshness import Arrival, FreshnessReport
    from aggregator.core.graph import CompiledModel, Graph
    from aggregator.core.unload import Unload

_STORAGE = ".aggregator/storage"
_ADVICE = "write it another way (docs/local-engine.md), build it on BigQuery, or pass --allow-inexact"


class DuckDbEngine:
    """One file, one writer."""

    parallel = 1
    """A query has all cores of the machine already."""

    def __init__(self, graph: Graph, *, wait: float, say: Callable[[str], None]) -> None:
        self._graph = graph
        self._say = say
        path = graph.project.root / graph.project.environment.path
        self._db = Connection(path, wait=wait, say=say)
        self._staging = Staging(self._db, graph)
        self._remembered = Remembered(graph.project.root, path, graph.calendars)
        self._storage = Storage(graph.project.root / (graph.project.environment.storage or _STORAGE))
        try:
            with translated(lost):
                prepare(self._db)
                self._tables = Tables(self._db, graph.calendars, self._remembered.find(self._db.found))
        except BaseException:
            self._db.close()
            raise

    def place(self, table: TableName) -> tuple[str, str]:
        """In the file."""
        return f"duckdb://{self._db.path}", str(table)

    def job_url(self, job_id: str) -> str:
        """Nowhere."""
        return ""

    def left(self) -> tuple[str, ...]:
        """None: a query ends with its process."""
        return ()

    def is_running(self, jobs: Iterable[str]) -> bool:
        """As there are none."""
        return False

    def end(self, jobs: Iterable[str]) -> None:
        """As there are none."""

    def cancel(self) -> None:
        """Interrupt the query."""
        self._db.db.interrupt()

    def close(self) -> None:
        """Let others in."""
        left = self._db.close()
        if left is not None and self._tables.is_known:
            self._remembered.keep(left, self._tables.versions())

    def now(self) -> datetime:
        """This machine's clock: the warehouse is on it."""
        return datetime.now(UTC)

    @translated(lost)
    def ingest(self) -> tuple[Diagnostic, ...]:
        """Load each source whose files are new or changed."""
        problems, is_changed = [], False
        for source in self._graph.sources.values():
            origin = origin_of(self._graph.project.root, source)
            if isinstance(origin, Diagnostic):
                problems.append(origin)
            elif origin is None:
                is_changed |= source.name in self._tables.columns and unload_sample(self._db, source)
            elif source.name not in self._tables.columns or not is_loaded(self._db, source, origin):
                self._say(f"loading {source.name} from {origin.name}")
                problem = load(self._db, source, origin, self.now())
                problems += [problem] if problem else []
                is_changed = True
        if is_changed:
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
        write = with_own_columns(write, model, self._tables)
        batches = self._staging.fill(write, expectations, most_rows(self._graph, self._tables, write.table))
        return Staged(batches, fits(self._tables, write, self._staging.columns(write.table)))

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        """One transaction."""
        with translated(lost):
            try:
                with self._db.transaction():
                    yield
            except BaseException:
                with contextlib.suppress(duckdb.Error, RuntimeError):  # the error that led here is the one to tell
                    self._tables.reread()
                raise

    @translated()
    def publish(self, write: Write, staged: Staged, partitions: Collection[str]) -> Published:
        """Delete and insert."""
        columns = self._staging.columns(write.table)
        if isinstance(write, OverwritePartitions):
            overwrite(self._db, self._tables, write, columns, partitions)
        else:
            replace(self._db, self._tables, write, columns)
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
        told = self._graph.translations
        query = told.texts.get(readable_query) or to_duckdb(readable_query, schemas_of(self._graph, write.table))
        if MARK in query or IN_JAVASCRIPT in query:
            raise QueryError(f"a view can't call what only this program has; let {write.table} be a table")
        for macro in macros_in(query, told.functions):
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

    def _make_readable(self, reader: TableName) -> None:
        """A partitioned table of which nothing was built yet is read as empty: a model's own, the first time, too."""
        for table, columns in list(to_come(self._graph, reader, self._tables.columns)):
            self._tables.create(table, {name: str(self._db.db.sqltype(type_)) for name, type_ in columns.items()})


def _only(calendar: Calendar | None, partition: str) -> tuple[str, dict[str, date | datetime]]:
    """The condition for the rows of a partition, and its parameters; nothing for a whole table."""
    if not partition or calendar is None:
        return "", {}
    start = calendar.parse(partition)
    where = f"WHERE {moment_sql(calendar)} >= $start AND {moment_sql(calendar)} < $end"
    return where, {"start": calendar.value(start), "end": calendar.value(calendar.next(start))}
