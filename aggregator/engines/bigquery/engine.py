"""BigQuery as a warehouse: stage, look, publish, record."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE, LedgerRow, Snapshot, Version, Versions
from aggregator.core.writes import Expectation, Published, ReplaceView, Staged, Write
from aggregator.engines.bigquery import writing
from aggregator.engines.bigquery.books import Books
from aggregator.engines.bigquery.connection import NOT_INSTALLED, PARALLEL, Connection, Patience, is_installed
from aggregator.engines.bigquery.earlier import earlier
from aggregator.engines.bigquery.freshness import freshness_view
from aggregator.engines.bigquery.jobs import Jobs
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.leases import Leases, Terms
from aggregator.engines.bigquery.pace import Paces
from aggregator.engines.bigquery.publishing import Publishing
from aggregator.engines.bigquery.reading import Reading
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.storage import Storage
from aggregator.engines.bigquery.store import Store
from aggregator.engines.bigquery.targets import Targets
from aggregator.engines.bigquery.trial import BigQueryTrial
from aggregator.engines.bigquery.unloading import Unloading
from aggregator.engines.bigquery.versions import view_version
from aggregator.engines.protocol import Culprit, Leaving, NotHereError, QueryError, Rows, Trial, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.freshness import Arrival, FreshnessReport
    from aggregator.core.graph import CompiledModel, Graph
    from aggregator.core.unload import Unload

MOST_AT_ONCE = 4000
"""How many of its partitions BigQuery lets one job write."""

_CONSOLE = "https://console.cloud.google.com/bigquery"

RUNNING = Patience(request=60.0, total=600.0, longest_pause=30.0)
"""A run may wait longer for BigQuery than whoever asks it a question."""


class BigQueryEngine:
    """One process at work on an environment; others may be, on other tables."""

    def __init__(  # noqa: PLR0913  (who asks, and how patiently)
        self,
        graph: Graph,
        *,
        wait: float,
        say: Callable[[str], None],
        run_key: str = "",
        leaving: Leaving | None = None,
        patience: Patience | None = None,
        terms: Terms | None = None,
        paces: Paces | None = None,
    ) -> None:
        if not is_installed():
            raise WarehouseError(NOT_INSTALLED)
        self._graph = graph
        self.parallel = PARALLEL
        patience, run_key = patience or RUNNING, run_key or secrets.token_hex(6)
        self._layout = layout = Layout(graph)
        self._connection = connection = Connection(graph.project.environment, patience)
        paces = paces or Paces(say)
        self._store = store = Store(connection, layout, paces)
        self._jobs = Jobs(connection, layout, paces, patience, leaving)
        self._labels = labels = writing.labels(layout, run_key, "metadata")
        self._reading = reading = Reading(connection, layout, labels)
        self._targets = Targets(store, layout)
        self._storage, self._run_key = Storage(connection), run_key
        self._unloading = Unloading(layout, connection, self._jobs, reading, self._storage, run_key=run_key)
        keeping = Jobs(connection, layout, paces, patience)
        marks = writing.labels(layout, run_key, "ledger")
        self._books = Books(connection, keeping, store, layout, run_key=run_key, labels=marks, now=reading.now)
        self._leases = Leases(store, layout, reading.now, say, run_key=run_key, wait=wait, terms=terms)
        parts = (layout, self._jobs, store, reading, self._targets, self._leases)
        self._publishing = Publishing(*parts, run_key=run_key)

    def place(self, table: TableName) -> tuple[str, str]:
        """Where it is read, as OpenLineage calls a table of BigQuery."""
        return "bigquery", str(self._reading.address(table))

    def job_url(self, job_id: str) -> str:
        """Its page in Google's console."""
        environment = self._layout.environment
        job = f"bq:{environment.location or 'US'}:{job_id}"
        return f"{_CONSOLE}?project={environment.project}&j={job}&page=queryresults"

    def left(self) -> tuple[str, ...]:
        """Jobs that stage rows: what they wait with is found by its name."""
        return self._jobs.left

    def is_running(self, jobs: Iterable[str]) -> bool:
        """A question for each; a job that is gone is over."""
        with _lost():
            return any(self._jobs.is_running(each) for each in jobs)

    def end(self, jobs: Iterable[str]) -> None:
        """What they have staged so far goes with their tables, by itself."""
        self._jobs.end(jobs)

    def cancel(self) -> None:
        """Stop the jobs that run, and begin no more; the ledger is still written."""
        self._jobs.cancel()

    def close(self) -> None:
        """Stop what still runs, write down what was done, and let others in."""
        try:
            self.cancel()
            self._publishing.clean()
            with _lost("the ledger can't be written"):
                self._books.flush()
        finally:
            self._leases.close()
            self._connection.close()

    def ingest(self) -> tuple[Diagnostic, ...]:
        """Sources are brought to BigQuery by others."""
        return ()

    def now(self) -> datetime:
        """BigQuery's clock, or a moment before."""
        with _lost():
            return self._reading.now()

    def snapshot(self) -> Snapshot:
        """One question for the ledger, and one for each dataset."""
        with _lost():
            self._reading.look()
            ledger = self._books.read(self._reading.borrowed())
            return Snapshot(
                self._reading.versions(),
                ledger,
                self._reading.now(),
                most_at_once=MOST_AT_ONCE,
                columns=self._reading.columns(),
            )

    def versions(self) -> Versions:
        """Looked at once, then kept up with what is published here."""
        with _lost():
            return self._reading.versions()

    def hold(self, table: TableName) -> bool:
        """Take the table's lease."""
        with _lost():
            is_rewritten = self._leases.hold(table, self._reading.looked_at)
            if is_rewritten:
                self._reading.doubt(table)
                self._targets.forget(table)
            return is_rewritten

    def stage(self, write: Write, expectations: Sequence[Expectation]) -> Staged:
        """Run the query into a table of ours, and measure the rows; what nobody wants to look at waits."""
        with _refused():
            return self._publishing.stage(write, expectations)

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        """Rows come first, and the ledger some seconds later."""
        yield
        with _lost("the ledger can't be written"):
            self._books.settle()

    def publish(self, write: Write, staged: Staged, partitions: Collection[str]) -> Published:
        """Copy the staged partitions, or run the query with the table as its destination."""
        with _refused():
            return self._publishing.publish(write, staged, partitions)

    def publish_view(self, write: ReplaceView) -> Version:
        """Make the view, or change its query."""
        with _refused(), self._leases.using(write.table):
            self._publishing.make_readable(write.table)
            model = self._graph.models[write.table]
            view = self._targets.publish_view(model, self._placed(write.query))
            version = view_version(str(view.get("view", {}).get("query", "")))
            self._reading.came(write.table, {WHOLE: version})
            return version

    def forget(self, table: TableName) -> None:
        """Drop the table, if there is one."""
        with _refused(), self._leases.using(table):
            self._targets.drop(table)
            self._reading.went(table)

    def record(self, rows: Iterable[LedgerRow]) -> None:
        """Keep for the ledger, which is written when there are many or when they have waited for some seconds."""
        self._books.append(rows)

    def history(self, table: TableName, partition: str) -> tuple[LedgerRow, ...]:
        """Asked of the own ledger."""
        with _lost():
            self._reading.versions()
            if not self._reading.is_own(table):
                raise NotHereError(f"{table} is read from another environment, and can't be rolled back in this one")
            return self._books.history(table, partition)

    def earlier(self, write: Write, moment: datetime) -> Write:
        """A query of what BigQuery keeps for some days."""
        with _lost():
            return earlier(write, moment, self._reading.now())

    def arrivals(self, limit: int) -> tuple[Arrival, ...]:
        """Asked of the own ledger."""
        with _lost():
            return self._books.arrivals(limit)

    def publish_freshness(self, report: FreshnessReport) -> None:
        """A view that holds the rows."""
        with _lost():
            address = self._layout.internal("freshness")
            view = freshness_view(address, report)
            if self._store.create(address, view) is None:
                self._store.change(address, view, ["view_query", "description"])

    def culprit(self, _write: Write, _error: QueryError) -> Culprit | None:
        """Nothing: to run the query again would cost as much as the query."""
        return None

    def refusal(self, _model: CompiledModel) -> Diagnostic | None:
        """Nothing: its rows are those of BigQuery."""
        return None

    def unloaded(self, folders: Iterable[str]) -> dict[str, str]:
        """What the buckets list."""
        with _lost():
            return self._storage.complete(folders)

    def unload(self, unload: Unload) -> None:
        """By a job that costs nothing where it can be one, otherwise as a query that reads the partition."""
        with _refused(), self._leases.using(unload.table):
            self._unloading.unload(unload)

    def rows(self, query: str, parameters: Mapping[str, date | datetime]) -> Rows:
        """A question of many rows."""
        with _refused():
            return self._answer(self._placed(query), parameters)

    def staged_rows(
        self, table: TableName, staged: Staged, query: str, parameters: Mapping[str, date | datetime]
    ) -> Rows:
        """The name of the table stands for where its rows wait."""
        address = self._publishing.staging(table, staged)
        if address is None:
            raise QueryError(f"nothing is staged for {table}")
        with _refused():
            others = [each for each in self._layout.tables_in(query, self._graph.calendars) if each != table]
            return self._answer(
                self._layout.placed(query, [(table, address.sql), *self._reading.addresses(others)]), parameters
            )

    def ask(self, query: str, parameters: Mapping[str, date | datetime]) -> tuple[object, ...]:
        """A question of one row."""
        with _refused():
            return self._answer(self._placed(query), parameters)[1][0]

    def sample(self, table: TableName, partition: str, limit: int) -> Rows:
        """Rows of a partition, or of the table."""
        model = self._graph.models.get(table)
        where, parameters = writing.of_partition(self._graph.calendars.get(table), partition)
        key = ", ".join(f"`{column}`" for column in model.model.key) if model else ""
        order = f"ORDER BY {key}" if key else ""
        with _refused():
            self._reading.versions()
            found = self._connection.table(self._reading.address(table))
            if found is None:
                raise QueryError(f"{table} is not there")
            sql = f"SELECT * FROM {found.address.sql} {where} {order} LIMIT {limit}"
            return self._answer(sql, parameters)

    @contextlib.contextmanager
    def trial(self, graph: Graph, name: str) -> Iterator[Trial]:
        """Tables of ours, dropped at the end."""
        with _lost():
            self._reading.versions()
        parts = (self._layout, self._jobs, self._store, self._reading)
        trial = BigQueryTrial(graph, name, *parts, run_key=self._run_key)
        try:
            yield trial
        finally:
            trial.drop()

    def _placed(self, query: str) -> str:
        self._reading.versions()
        return self._layout.placed(query, self._reading.addresses(self._layout.tables_in(query, self._graph.calendars)))

    def _answer(self, sql: str, parameters: Mapping[str, date | datetime]) -> Rows:
        location = self._layout.environment.location
        return self._connection.answer(sql, location, writing.of_values(parameters), self._labels)


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    """What BigQuery refuses while a model is built is told of that model."""
    try:
        yield
    except Refused as refused:
        raise QueryError(str(refused)) from refused


@contextlib.contextmanager
def _lost(what: str = "BigQuery refuses") -> Iterator[None]:
    """What BigQuery refuses of what every run needs ends the run."""
    try:
        yield
    except Refused as refused:
        is_denied = refused.reason == "accessDenied"
        advice = "docs/bigquery.md lists the roles that it takes" if is_denied else ""
        raise WarehouseError(f"{what}: {refused}", advice) from refused
    except QueryError as error:
        raise WarehouseError(f"{what}: {error}") from error
