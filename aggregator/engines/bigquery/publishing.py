"""One write after the other: staged, looked at, and published, with the jobs of ``writing``."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.writes import Batch, Expectation, OverwritePartitions, Published, Staged, Write
from aggregator.engines.bigquery import looking, writing
from aggregator.engines.bigquery.jobs import Job, Jobs, digest
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.leases import Leases
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.reading import Reading
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.schemas import Field, Shape, changes, declared_shape, shape_of
from aggregator.engines.bigquery.store import Store
from aggregator.engines.bigquery.targets import Targets
from aggregator.engines.bigquery.writing import Order
from aggregator.engines.protocol import CheckError, QueryError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel


@dataclasses.dataclass(frozen=True)
class _Waiting:
    """A write between staging and publication; ``staging`` is None where the query itself is the publication."""

    order: Order
    shape: Shape
    staging: Address | None = None
    batches: Mapping[str, Batch] = dataclasses.field(default_factory=dict)


class Publishing:
    """The writes of a run."""

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        layout: Layout,
        jobs: Jobs,
        store: Store,
        reading: Reading,
        targets: Targets,
        leases: Leases,
        *,
        run_key: str,
    ) -> None:
        self._layout, self._jobs, self._store = layout, jobs, store
        self._reading, self._targets, self._leases = reading, targets, leases
        self._graph, self._run_key = layout.graph, run_key
        self._lock = threading.Lock()
        self._waiting: dict[tuple[TableName, str], _Waiting] = {}
        self._staged_by: dict[int, tuple[TableName, str]] = {}
        self._fields: dict[str, tuple[Field, ...]] = {}

    def stage(self, write: Write, expectations: Sequence[Expectation]) -> Staged:
        """Run the query into a table of ours, and measure the rows."""
        self._leave(write)
        with self._leases.using(write.table):
            order = self._order(write)
            shape = shape_of(order.model, write, self._columns(order))
            if not expectations and writing.is_one_stored(write):
                waiting, staged = _Waiting(order, shape), Staged({}, fits=False)
            else:
                waiting, staged = self._staged(order, shape, expectations)
        with self._lock:
            self._waiting[write.table, writing.stretch(write)] = waiting
        return staged

    def publish(self, write: Write, staged: Staged, partitions: Collection[str]) -> Published:
        """Let the rows be the table's."""
        del staged
        with self._lock:
            waiting = self._waiting[write.table, writing.stretch(write)]
        with self._leases.using(write.table):
            self._targets.make_ready(waiting.order.model, waiting.shape)
            self._reading.came(write.table)
            if isinstance(write, OverwritePartitions):
                done = self._overwritten(waiting, write, sorted(partitions))
            else:
                done = [self._replaced(waiting, write)]
            return self._published(write, sorted(partitions), done)

    def _leave(self, write: Write) -> None:
        """Drop what this thread staged before: it was published, or there was no need."""
        with self._lock:
            before = self._staged_by.get(threading.get_ident())
            self._staged_by[threading.get_ident()] = key = (write.table, writing.stretch(write))
        for each in (before, key):
            if each is not None:
                self._drop(each)

    def _drop(self, key: tuple[TableName, str]) -> None:
        with self._lock:
            waiting = self._waiting.pop(key, None)
        if waiting is not None and waiting.staging is not None:
            self._store.drop(waiting.staging)

    def clean(self) -> None:
        """Drop all that is still staged; what can't be dropped goes by itself."""
        for waiting in self._waiting.values():
            if waiting.staging is not None:
                with contextlib.suppress(Refused, WarehouseError):
                    self._store.drop(waiting.staging)

    def make_readable(self, reader: TableName) -> None:
        """A partitioned table of which nothing was built yet is read as empty: a model's own, the first time, too."""
        self._reading.versions()
        for table in dict.fromkeys(edge.table for edge in self._graph.models[reader].inputs):
            model = self._graph.models.get(table)
            if model is not None and model.calendar is not None and not self._reading.is_there(table):
                self._targets.make(model, declared_shape(model))
                self._reading.came(table)
            elif model is not None and table == reader and self._reading.is_own(table):
                self._widen(model)

    def _widen(self, model: CompiledModel) -> None:
        """The query of a table that reads itself finds its new columns there, as NULL, before they are published."""
        shape = declared_shape(model)
        if not changes(self._targets.fields(model.name), shape.fields):
            self._targets.make_ready(model, shape)

    def _order(self, write: Write) -> Order:
        self.make_readable(write.table)
        model = self._graph.models[write.table]
        tables = self._layout.tables_in(write.query, self._graph.calendars)
        query = self._layout.placed(write.query, self._reading.addresses(tables))
        read = digest(query, *(self._state(each) for each in sorted(self._bases(tables))))
        return Order(model, write, query, read, self._run_key, self._reading.looked_at)

    def _bases(self, tables: Sequence[TableName]) -> set[TableName]:
        """Tables, and those below them that are views."""
        found = set(tables)
        for table in tables:
            model = self._graph.models.get(table)
            if model is not None and model.model.kind is Kind.VIEW:
                found |= self._bases(list(self._graph.upstream(table)))
        return found

    def _state(self, table: TableName) -> str:
        """What tells the state of a table from all others: its newest version, and how many there are."""
        versions = list(self._reading.versions().get(table, {}).values())  # others may publish meanwhile
        return f"{table} {len(versions)} {max((each.token for each in versions), default='')}"

    def _columns(self, order: Order) -> tuple[Field, ...]:
        """The columns of a query, which is one for all partitions of a model."""
        if order.query not in self._fields:
            self._fields[order.query] = self._reading.fields(order.query, writing.parameters_of(order.write))
        return self._fields[order.query]

    def _staged(self, order: Order, shape: Shape, expectations: Sequence[Expectation]) -> tuple[_Waiting, Staged]:
        address = writing.staging_address(order, self._layout)
        staged_shape = self._targets.staged(order.write, shape)
        now = self._reading.now()
        made = self._store.create(address, writing.staging_table(address, staged_shape, now))
        accept_from = now if made is not None else order.opened_at.replace(year=1)
        filled = self._jobs.run(writing.staging_job(order, self._layout, address, staged_shape, accept_from))
        looked = self._looked(order, address, shape, expectations)
        batches = looking.batches(self._jobs.rows(looked))
        fits = self._reading.is_own(order.write.table) and self._targets.fits(order.write, shape)
        if fits:
            self._targets.describe(order.model, shape)
        staged = Staged(batches, fits, writing.total([filled, looked]), filled.id)
        return _Waiting(order, staged_shape, address, batches), staged

    def _looked(self, order: Order, staging: Address, shape: Shape, expectations: Sequence[Expectation]) -> Job:
        """Count and measure. If a number can't be computed, :class:`CheckError` says which."""
        try:
            return self._asked(order, staging, shape, expectations)
        except QueryError:
            self._asked(order, staging, shape, [])  # if this fails, too, no number is to blame
            for each in expectations:
                try:
                    self._asked(order, staging, shape, [each])
                except QueryError as error:
                    raise CheckError(str(error), each) from error
            raise

    def _asked(self, order: Order, staging: Address, shape: Shape, expectations: Sequence[Expectation]) -> Job:
        question = looking.question(staging.sql, shape.fields, order.model.calendar, expectations)
        if any(self._may_mention(each.sql) for each in expectations):
            tables = self._layout.tables_in(question, self._graph.calendars)
            question = self._layout.placed(question, self._reading.addresses(tables))
        return self._jobs.run(writing.asking(order, self._layout, question))

    def _may_mention(self, sql: str) -> bool:
        """Whether an expression could read a table. Nearly none does, and to be sure takes a parser."""
        return any(each.table in sql and each.dataset in sql for each in self._graph.calendars)

    def staging(self, table: TableName, staged: Staged) -> Address | None:
        """Where rows wait that were staged for a table."""
        with self._lock:
            found = [
                each.staging
                for (name, _), each in self._waiting.items()
                if name == table and each.batches is staged.batches
            ]
        return next(iter(found), None)

    def _overwritten(self, waiting: _Waiting, write: OverwritePartitions, partitions: list[str]) -> list[Job]:
        order, staging = waiting.order, waiting.staging
        if staging is None:
            self._leases.check(write.table)
            return [self._jobs.run(writing.direct_job(order, self._layout, waiting.shape, keeps_columns=True))]
        there = self._reading.versions().get(write.table, {})
        touched = [each for each in partitions if each in waiting.batches or each in there]
        self._leases.check(write.table)
        if not touched:
            return []
        if write.calendar.grain.pieces > 1:
            columns = [str(each["name"]) for each in waiting.shape.fields]
            return [self._jobs.run(writing.transaction_job(order, self._layout, staging, columns, touched))]
        return self._jobs.run_all(
            list(writing.copy_jobs(order, self._layout, staging, waiting.batches.keys(), touched))
        )

    def _replaced(self, waiting: _Waiting, write: Write) -> Job:
        order, model = waiting.order, waiting.order.model
        keeps = self._targets.fits(write, waiting.shape)
        self._leases.check(write.table)
        if waiting.staging is None:
            work = writing.direct_job(order, self._layout, waiting.shape, keeps_columns=keeps)
        else:
            work = writing.whole_job(order, self._layout, waiting.staging, waiting.shape, keeps_columns=keeps)
        done = self._jobs.run(work)
        self._targets.forget(write.table)
        self._targets.describe(model, waiting.shape)
        return done

    def _published(self, write: Write, partitions: list[str], done: Sequence[Job]) -> Published:
        """Read the versions of what was written, and drop what was staged."""
        pieces = {each: [""] for each in partitions}
        if isinstance(write, OverwritePartitions):
            pieces = {each: writing.stored_ids(write.calendar, each) for each in partitions}
        since = min((writing.started(each) for each in done), default=0)
        versions = self._reading.wrote(write.table, pieces, since)
        self._drop((write.table, writing.stretch(write)))
        return Published(versions, writing.total(done), done[0].id if len(done) == 1 else "")
