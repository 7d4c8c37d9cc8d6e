"""Where the tables of a project are read and written in BigQuery, and the texts of its queries with these places."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from aggregator.core.names import TableName
from aggregator.engines.bigquery.places import Address, address_of, addresses_of
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.core.graph import Graph

OWN = "_aggregator"
"""The dataset of what is ours: the ledger, leases, and rows that wait to be published. BigQuery hides such datasets."""

STAGING, LEASE, TRIAL = "staging_", "lease_", "trial_"
"""How the names of our tables begin, by what they are for."""


class Layout:
    """Logical names to addresses. What an environment writes is its own; what it lacks, it may read from another."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.environment = graph.project.environment
        self.read_from = graph.project.read_from
        self.targets = {self.own(name): name for name in graph.models}
        """Where models are written, and which they are."""
        for address, name in self.targets.items():
            if self.is_internal(address):
                advice = f"let `datasets:` of {self.environment.name} have {{dataset}} in it, and call no dataset {OWN}"
                raise WarehouseError(f"{name} would be written beside the ledger", advice)

    def own(self, name: TableName) -> Address:
        """Where this environment has a table, or will."""
        return address_of(name, self.environment)

    def candidates(self, name: TableName) -> tuple[Address, ...]:
        """Where a table may be read, the first that is there."""
        return addresses_of(name, self.environment, self.read_from)

    def is_partitioned(self, address: Address) -> bool:
        """Whether a model's table is cut into partitions. The address is that of a model."""
        return self.graph.calendars[self.targets[address]] is not None

    def internal(self, table: str) -> Address:
        """A table of ours."""
        return self.own(TableName(OWN, table))

    def is_internal(self, address: Address) -> bool:
        """Whether a table is one of ours."""
        ours = self.internal("")
        return (address.project, address.dataset) == (ours.project, ours.dataset)

    def ledgers(self) -> tuple[Address, ...]:
        """The own ledger, then that of the environment which is read from."""
        return self.candidates(TableName(OWN, "ledger"))


def table_id(name: TableName) -> str:
    """A logical name as a part of the name of one of our tables."""
    return f"{name.dataset}__{name.table}"


@functools.lru_cache(maxsize=4096)
def mentions(sql: str) -> tuple[tuple[int, int, TableName], ...]:
    """Where a query mentions tables by dataset and name: the offsets, in order, and the tables.

    A compiled query mentions nothing else by two names: there are no projects in it, and the names that WITH gives have
    no dataset.
    """
    found = set()
    for node in sqlglot.parse_one(sql, read="bigquery").find_all(exp.Table):
        if node.catalog or not node.db or not isinstance(node.this, exp.Identifier):
            continue
        places = [part.meta for part in (node.args["db"], node.this)]
        start, end = min(each["start"] for each in places), max(each["end"] for each in places) + 1
        found.add((start, end, TableName(node.db, node.name)))
    return tuple(sorted(found))


def placed(sql: str, where: Iterable[tuple[TableName, str]]) -> str:
    """A query with addresses in place of the logical names of some tables; all else stays as it is."""
    addresses = dict(where)
    pieces, position = [], 0
    for start, end, table in mentions(sql):
        if table in addresses:
            pieces += [sql[position:start], addresses[table]]
            position = end
    return "".join((*pieces, sql[position:]))


def address_sql(address: Address) -> str:
    """An address in a query. A star is only understood within one pair of backticks."""
    return f"`{address}`" if address.table.endswith("*") else address.sql


def tables_in(sql: str, known: Collection[TableName]) -> tuple[TableName, ...]:
    """The tables of the project that a query mentions."""
    return tuple(dict.fromkeys(table for _, _, table in mentions(sql) if table in known))
