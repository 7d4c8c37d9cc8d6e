"""Another version of a project beside the tables of BigQuery: computed into tables of ours, which go at the end."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.core.writes import OverwritePartitions, Write
from aggregator.engines.bigquery import writing
from aggregator.engines.bigquery.jobs import Jobs, digest
from aggregator.engines.bigquery.layout import TRIAL, Layout, table_id
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.reading import Reading
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.schemas import Shape, declared_shape, shape_of
from aggregator.engines.bigquery.store import Store
from aggregator.engines.bigquery.writing import Order
from aggregator.engines.protocol import QueryError, WarehouseError

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel, Graph


class BigQueryTrial:
    """What is computed goes into tables that nobody else knows; they are only ever added to.

    Rows that lie outside of their partition are left in them, and no question asks for them.
    """

    def __init__(  # noqa: PLR0913  (what it works with)
        self, graph: Graph, name: str, layout: Layout, jobs: Jobs, store: Store, reading: Reading, *, run_key: str
    ) -> None:
        self._graph, self._name, self._run_key = graph, f"{name.strip('_')}_{run_key}", run_key
        self._layout, self._jobs, self._store, self._reading = layout, jobs, store, reading
        self._shapes: dict[TableName, Shape] = {}

    def name(self, table: TableName) -> str:
        """What a question calls a table of the trial."""
        return self._address(table).sql

    def fill(self, write: Write) -> None:
        """Run the query over what is here and, where nothing is, over the warehouse."""
        try:
            self._fill(write)
        except Refused as refused:
            raise QueryError(str(refused)) from refused

    def drop(self) -> None:
        """Drop all tables of the trial; what can't be dropped goes by itself."""
        for table in self._shapes:
            with contextlib.suppress(Refused, WarehouseError):
                self._store.drop(self._address(table))

    def _fill(self, write: Write) -> None:
        model = self._graph.models[write.table]
        self._make_readable(model)
        order = self._order(model, write)
        if write.table not in self._shapes:
            self._make(
                write.table, shape_of(model, write, self._reading.fields(order.query, writing.parameters_of(write)))
            )
        if not isinstance(write, OverwritePartitions) or write.start < write.end:
            shape = self._shapes[write.table]
            self._jobs.run(writing.trial_job(order, self._layout, self._address(write.table), shape))

    def _make_readable(self, reader: CompiledModel) -> None:
        """A partitioned table of which nothing was built is read as empty: a model's own, the first time, too."""
        for table in dict.fromkeys(edge.table for edge in reader.inputs):
            model = self._graph.models.get(table)
            if model is None or table in self._shapes or self._reading.is_there(table):
                continue
            if model.calendar is None:
                raise QueryError(f"{table} has not been built; `aggregator run --select +{table}`")
            self._make(table, declared_shape(model))

    def _order(self, model: CompiledModel, write: Write) -> Order:
        """The query, with what was computed here in place of the warehouse's; a table that reads itself reads that."""
        tables = self._layout.tables_in(write.query, self._graph.calendars)
        own = {write.table} if self._reading.is_there(write.table) else set()
        here = [(each, self.name(each)) for each in tables if each in self._shapes and each not in own]
        there = self._reading.addresses([each for each in tables if each not in dict(here)])
        query = self._layout.placed(write.query, [*here, *there])
        return Order(model, write, query, digest(query), f"{self._run_key}-{self._name}", self._reading.now())

    def _make(self, table: TableName, shape: Shape) -> None:
        address = self._address(table)
        self._store.create(address, writing.staging_table(address, shape, self._reading.now()))
        self._shapes[table] = shape

    def _address(self, table: TableName) -> Address:
        return self._layout.internal(f"{TRIAL}{self._name}_{table_id(table)}")
