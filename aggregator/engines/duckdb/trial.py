"""Another version of a project beside the tables of the file: computed into a database in memory."""

from __future__ import annotations

import dataclasses

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.writes import OverwritePartitions, Write
from aggregator.engines.duckdb.catalog import Columns, quoted
from aggregator.engines.duckdb.connection import Connection
from aggregator.engines.duckdb.errors import translated
from aggregator.engines.duckdb.reading import from_database, readable, to_come, with_own_columns
from aggregator.engines.duckdb.staging import STAGING, Staging
from aggregator.engines.duckdb.tables import Tables
from aggregator.engines.protocol import QueryError


class DuckDbTrial:
    """A database of its own on the connection of an engine, for as long as it is attached."""

    def __init__(self, db: Connection, tables: Tables, graph: Graph, name: str) -> None:
        self._db = db
        self._tables = tables
        self._graph = graph
        self._name = name
        self._staging = Staging(db, graph)
        self._columns: dict[TableName, Columns] = {}

    def attach(self) -> None:
        """Make the database."""
        self._db.execute(f"ATTACH ':memory:' AS \"{self._name}\"")

    def detach(self) -> None:
        """Forget it, and all that it holds."""
        self._db.execute(f'DETACH "{self._name}"')

    def name(self, table: TableName) -> str:
        """What a question calls a table of the trial."""
        return f"`{self._name}`.`{table.dataset}`.`{table.table}`"

    @translated()
    def fill(self, write: Write) -> None:
        """Run the query over what is here and, where nothing is, over the file."""
        self._refuse_unbuilt(write.table)
        for table, columns in to_come(self._graph, write.table, self._tables.columns.keys() | self._columns.keys()):
            self._create(table, columns)
        query = readable(write.query, self._graph, self._graph.upstream(write.table))
        write = dataclasses.replace(write, query=query)
        write = with_own_columns(write, self._graph.models[write.table], self._tables)
        own = {write.table} & self._tables.columns.keys()
        query = from_database(write.query, self._columns.keys() - own, self._name)
        self._staging.run(dataclasses.replace(write, query=query))
        if write.table not in self._columns:
            self._create(write.table, self._staging.columns(write.table))
        self._keep(write)

    def _keep(self, write: Write) -> None:
        """Take over the staged rows. Raises QueryError where some are not where they should be, as a build would."""
        where, bounds = "", {}
        if isinstance(write, OverwritePartitions):
            column = f'"{write.calendar.column}"'
            where = f"WHERE {column} >= $start AND {column} < $end"
            bounds = write.bounds
        target = self._quoted(write.table)
        kept = self._db.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {STAGING} {where}", bounds).fetchone()
        staged = self._db.execute(f"SELECT count(*) FROM {STAGING}").fetchone()
        if kept != staged:
            assert kept is not None  # noqa: S101  (an INSERT says how many)
            assert staged is not None  # noqa: S101
            raise QueryError(f"{staged[0] - kept[0]} of its rows lie outside their partition, or in none")

    def _create(self, table: TableName, columns: Columns) -> None:
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        self._db.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._name}"."{table.dataset}"')
        self._db.execute(f"CREATE TABLE {self._quoted(table)} ({listed})")
        self._columns[table] = columns

    def _quoted(self, table: TableName) -> str:
        return f'"{self._name}".{quoted(table)}'

    def _refuse_unbuilt(self, reader: TableName) -> None:
        """A table that is read whole can't be read before it is there."""
        there = self._tables.versions().keys() | self._tables.columns.keys() | self._columns.keys()
        for table in self._graph.upstream(reader):
            model = self._graph.models.get(table)
            if model is not None and model.calendar is None and table not in there:
                raise QueryError(f"{table} has not been built; `aggregator run --select +{table}`")
