"""What stands in BigQuery, for those who can't ask it: sizes of tables, of their partitions and of their columns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.core.catalog import Catalog, Size, StoredColumn, StoredTable
from aggregator.engines.bigquery.connection import NOT_INSTALLED, Connection, Patience, is_installed
from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.places import addresses_of
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.shards import as_one, question, shards_of
from aggregator.engines.bigquery.tables import Deployed, partition_id
from aggregator.engines.bigquery.types import Type
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.core.names import TableName
    from aggregator.core.project import Environment
    from aggregator.engines.bigquery.places import Address

MAX_TABLES = 1000
"""How many tables one query on INFORMATION_SCHEMA.PARTITIONS may ask about."""


def pull(
    environment: Environment,
    read_from: Environment | None,
    names: Iterable[TableName],
    *,
    known: Catalog | None = None,
    tell: Callable[[int, int], object] = lambda _done, _total: None,
    patience: Patience | None = None,
) -> Catalog:
    """Ask for all that is worth knowing of tables; those that are nowhere are left out.

    What ``known`` has of a table that has not changed since is not asked again. ``tell`` hears how many questions are
    answered, of how many. Raises ``WarehouseError``.
    """
    if environment.engine != "bigquery":
        advice = "name another environment with `--env`"
        raise WarehouseError(
            f"the environment {environment.name} is not on BigQuery but on {environment.engine}", advice
        )
    if not is_installed():
        raise WarehouseError(NOT_INSTALLED)
    connection = Connection(environment, patience)
    try:
        return _Pull(connection, environment, read_from, tell).pull(sorted(names), known)
    except Refused as refused:
        raise WarehouseError(f"BigQuery refuses: {refused}", _advice(refused)) from refused
    finally:
        connection.close()


def _advice(refused: Refused) -> str:
    return (
        "it takes the roles BigQuery Metadata Viewer and BigQuery Job User" if refused.reason == "accessDenied" else ""
    )


class _Pull:
    """One look at an environment. Questions are counted, so that whoever waits can be told."""

    def __init__(
        self,
        connection: Connection,
        environment: Environment,
        read_from: Environment | None,
        tell: Callable[[int, int], object],
    ) -> None:
        self._connection = connection
        self._environment = environment
        self._read_from = read_from
        self._tell = tell
        self._lock = threading.Lock()
        self._done = self._total = 0
        self._shards: dict[TableName, Mapping[str, Size]] = {}

    def pull(self, names: list[TableName], known: Catalog | None) -> Catalog:
        taken_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        self._total += len(names)
        found = self._connection.each(self._find, names, self._answered)
        there = {name: table for name, table in zip(names, found, strict=True) if table is not None}
        old = known.tables if known is not None and known.environment == self._environment.name else {}
        kept = {name: old[name] for name, table in there.items() if name in old and _is_unchanged(old[name], table)}
        changed = {name: table for name, table in there.items() if name not in kept}
        partitions = self._partitions(changed)
        columns = self._columns(changed)
        fresh = {name: _stored(name, table, partitions.get(name, {}), columns) for name, table in changed.items()}
        return Catalog(self._environment.name, taken_at, {name: (kept | fresh)[name] for name in there})

    def _answered(self) -> None:
        with self._lock:
            self._done += 1
            self._tell(self._done, self._total)

    def _find(self, name: TableName) -> Deployed | None:
        for address in addresses_of(name, self._environment, self._read_from):
            table = self._find_many(name, address) if name.is_many else self._connection.table(address)
            if table is not None:
                return table
        return None

    def _find_many(self, name: TableName, address: Address) -> Deployed | None:
        """The tables that a name stands for, as one; their sizes are those of its partitions."""
        prefix = Parameter("prefix", Type("STRING"), address.table.removesuffix("*"))
        try:
            rows = list(self._connection.rows(question(address), self._location(address.project), [prefix]))
        except Refused as refused:
            if refused.reason == "notFound":
                return None
            raise
        shards = shards_of(address, ((each[0], int(each[1]), int(each[2]), int(each[3])) for each in rows))
        newest = self._connection.table(shards.newest) if shards is not None else None
        if shards is None or newest is None:
            return None
        self._shards[name] = shards.partitions
        return as_one(address, shards, newest)

    def _location(self, project: str) -> str:
        places = [each for each in (self._environment, self._read_from) if each is not None and each.project == project]
        return next((each.location for each in places), "")

    def _partitions(self, tables: Mapping[TableName, Deployed]) -> dict[TableName, dict[str, Size]]:
        """The sizes of partitions, with one query for each dataset."""
        datasets: dict[tuple[str, str], dict[str, TableName]] = {}
        for name, table in tables.items():
            if table.grain is not None and table.stores_rows and not name.is_many:
                address = table.address
                datasets.setdefault((address.project, address.dataset), {})[address.table] = name
        questions = [
            (project, dataset, chunk)
            for (project, dataset), names in sorted(datasets.items())
            for chunk in _chunks(sorted(names))
        ]
        self._total += len(questions)
        sizes: dict[TableName, dict[str, Size]] = {name: dict(self._shards[name]) for name in tables if name.is_many}
        answers = self._connection.each(lambda each: self._partition_rows(*each), questions, self._answered)
        for (project, dataset, _), rows in zip(questions, answers, strict=True):
            for table_name, raw_id, count, size in rows:
                name = datasets[project, dataset][table_name]
                grain = tables[name].grain
                id_ = partition_id(raw_id, grain) if grain is not None else None
                if id_ is not None:
                    sizes.setdefault(name, {})[id_] = Size(int(count or 0), int(size or 0))
        return {name: dict(sorted(partitions.items())) for name, partitions in sizes.items()}

    def _partition_rows(self, project: str, dataset: str, tables: Iterable[str]) -> list[tuple[str, str, int, int]]:
        sql = (
            "SELECT table_name, partition_id, total_rows, total_logical_bytes"
            f" FROM `{project}`.`{dataset}`.INFORMATION_SCHEMA.PARTITIONS WHERE table_name IN UNNEST(@tables)"
        )
        parameter = Parameter("tables", Type("ARRAY", Type("STRING")), tuple(tables))
        rows = self._connection.rows(sql, self._location(project), [parameter])
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def _columns(self, tables: Mapping[TableName, Deployed]) -> dict[tuple[TableName, str], int | None]:
        """The bytes of each column, by dry runs: what a query would read that selects it alone."""
        asked = [(name, table) for name, table in tables.items() if table.stores_rows and table.rows]
        questions = [(name, table, column.name) for name, table in asked for column in table.columns]
        filtered = [table for _, table in asked if table.requires_partition_filter]
        self._total += len(questions) + len(filtered)
        counted = self._connection.each(lambda table: self._bytes(table, "COUNT(*)"), filtered, self._answered)
        extra = {table.address: size for table, size in zip(filtered, counted, strict=True)}
        sizes = self._connection.each(lambda each: self._bytes(each[1], f"`{each[2]}`"), questions, self._answered)
        return {
            (name, column): _without_filter(
                size, 0 if column == table.partition_column else extra.get(table.address, 0)
            )
            for (name, table, column), size in zip(questions, sizes, strict=True)
        }

    def _bytes(self, table: Deployed, what: str) -> int | None:
        """What BigQuery would read to select this; None where it refuses, as for a column closed to the user."""
        try:
            return self._connection.dry_run(f"SELECT {what} FROM {_scan(table)}").bytes
        except Refused:
            return None


def _chunks(names: list[str]) -> list[list[str]]:
    return [names[start : start + MAX_TABLES] for start in range(0, len(names), MAX_TABLES)]


def _without_filter(size: int | None, extra: int | None) -> int | None:
    """The bytes of a column, without those that are read only because the table wants a filter."""
    return None if size is None or extra is None else max(size - extra, 0)


def _scan(table: Deployed) -> str:
    """The table, with a filter that all partitions pass if it insists on one."""
    if not table.requires_partition_filter or not table.partition_column:
        return table.address.sql
    return f"{table.address.sql} WHERE `{table.partition_column}` >= '0001-01-01'"


def _is_unchanged(known: StoredTable, table: Deployed) -> bool:
    """Whether all that is known still holds, and it is all that one would ask for."""
    columns = [(each.name, str(each.type), each.description) for each in table.columns]
    measured = not table.stores_rows or not table.rows or all(each.bytes is not None for each in known.columns)
    return (
        known.modified == table.modified
        and measured
        and [(each.name, each.type, each.description) for each in known.columns] == columns
    )


def _stored(
    name: TableName,
    table: Deployed,
    partitions: Mapping[str, Size],
    sizes: Mapping[tuple[TableName, str], int | None],
) -> StoredTable:
    empty = 0 if table.stores_rows and not table.rows else None
    columns = (
        StoredColumn(each.name, str(each.type), each.description, sizes.get((name, each.name), empty))
        for each in table.columns
    )
    return StoredTable(
        name=name,
        columns=tuple(columns),
        size=Size(table.rows, table.bytes),
        partition_column=table.partition_column,
        grain=table.grain,
        partitions=partitions,
        clustering=table.clustering,
        requires_partition_filter=table.requires_partition_filter,
        modified=table.modified,
    )
