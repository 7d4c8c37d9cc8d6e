"""Tables that may only be read with a filter on their partitions."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.core.catalog import StoredTable
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.dry_run.conditions import is_tested
from aggregator.dry_run.rules.protocol import Candidate

_PSEUDO = ("_partitiontime", "_partitiondate")


class PartitionFilter:
    """A read without a filter of a table that requires one."""

    code = Code(
        "D631",
        "partition-filter",
        """A table is read whole that BigQuery lets nobody read without a filter on its partition column.

Its catalog entry says so, or `partition: {require_filter: true}`; the query would be refused. Read it through a
partition map, in a model that has partitions itself, or compare its partition column in WHERE. Views are not looked at:
the filter may stand in the query that reads them.""",
        Layer.DRY_RUN,
    )
    bad = """/*---
description: Clicks on each page, ever.
owner: web@example.com
---*/
SELECT page, COUNT(*) AS clicks
FROM lake.clicks
GROUP BY page"""
    good = """/*---
description: Clicks on each page since 2025.
owner: web@example.com
---*/
SELECT page, COUNT(*) AS clicks
FROM lake.clicks
WHERE clicked_at >= '2025-01-01'
GROUP BY page"""
    stored: tuple[StoredTable, ...] = ()

    def check(self, candidate: Candidate) -> Iterator[Diagnostic]:
        """One finding per mention of such a table."""
        model = candidate.model
        if model.model.kind is Kind.VIEW:
            return
        for edge in model.inputs:
            column = _required(candidate, edge.table)
            if edge.function or not column or (edge.map.reach is not Reach.ALL and model.calendar is not None):
                continue
            if not is_tested(model.sql, str(edge.table), column, *_PSEUDO):
                message = f"{edge.table} may only be read with a filter on {column}, and all of it is read"
                advice = f"declare a partition map, or compare {column} in WHERE"
                yield Diagnostic(edge.place, self.code, message, advice)


def _required(candidate: Candidate, table: TableName) -> str:
    """The column by which readers of a table have to filter; empty if they need not."""
    stored = candidate.catalog.tables.get(table) if candidate.catalog is not None else None
    if stored is not None:
        return (stored.partition_column or "_PARTITIONTIME") if stored.requires_partition_filter else ""
    source, model = candidate.graph.sources.get(table), candidate.graph.models.get(table)
    declared = source.partition if source is not None else model.model.partition if model is not None else None
    return str(declared.by) if declared is not None and declared.requires_filter else ""
