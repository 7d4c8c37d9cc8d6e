"""Where the tables of a project are read and written in BigQuery, and the texts of its queries with these places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.engines.bigquery.places import Address, address_of, addresses_of
from aggregator.engines.mentions import mentions
from aggregator.engines.protocol import WarehouseError

if TYPE_CHECKING:
    from aggregator.core.graph import Graph, Mention

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

    def placed(self, sql: str, where: Iterable[tuple[TableName, str]]) -> str:
        """A query with addresses in place of the logical names of some tables; all else stays as it is."""
        addresses = dict(where)
        pieces, position = [], 0
        for start, end, table in self._mentions(sql):
            if table in addresses:
                pieces += [sql[position:start], addresses[table]]
                position = end
        return "".join((*pieces, sql[position:]))

    def tables_in(self, sql: str, known: Collection[TableName]) -> tuple[TableName, ...]:
        """The tables of the project that a query mentions."""
        return tuple(dict.fromkeys(table for _, _, table in self._mentions(sql) if table in known))

    def _mentions(self, sql: str) -> Sequence[Mention]:
        """Where a query mentions tables: told by the manifest of those of models, and found by parsing others."""
        found = self.graph.mentions.get(sql)
        return mentions(sql) if found is None else found


def table_id(name: TableName) -> str:
    """A logical name as a part of the name of one of our tables."""
    return f"{name.dataset}__{name.table}"


def address_sql(address: Address) -> str:
    """An address in a query. A star is only understood within one pair of backticks."""
    return f"`{address}`" if address.table.endswith("*") else address.sql
