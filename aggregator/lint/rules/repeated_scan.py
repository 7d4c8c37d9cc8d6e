"""One pass over a table does the work of three."""

from __future__ import annotations

import collections
from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Input
from aggregator.core.maps import Reach
from aggregator.lint.protocol import Inspected

_MANY = 3


class RepeatedScan:
    """A partitioned table that is read three times or more, with the same columns and the same partitions."""

    code = Code(
        "L047",
        "repeated-scan",
        """A partitioned table is read three times or more in one query, each time the same columns and partitions.

BigQuery reads and bills each of them: three CTEs over the same events cost three times the bytes. Read it once, in one
CTE, and tell the cases apart inside the aggregates: `COUNTIF(cancelled)`, `SUM(IF(diverted, 1, 0))`,
`COUNT(DISTINCT IF(is_new, user_id, NULL))`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """SELECT flight_date, 'EWR' AS origin, COUNT(dep_delay) AS departures
FROM staging.flights WHERE origin = 'EWR' GROUP BY flight_date
UNION ALL
SELECT flight_date, 'JFK' AS origin, COUNT(dep_delay) AS departures
FROM staging.flights WHERE origin = 'JFK' GROUP BY flight_date
UNION ALL
SELECT flight_date, 'LGA' AS origin, COUNT(dep_delay) AS departures
FROM staging.flights WHERE origin = 'LGA' GROUP BY flight_date"""
    good = """SELECT flight_date, origin, COUNT(dep_delay) AS departures
FROM staging.flights
WHERE origin IN ('EWR', 'JFK', 'LGA')
GROUP BY flight_date, origin"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per table, at its third mention."""
        reads: dict[object, list[Input]] = collections.defaultdict(list)
        for edge in subject.model.inputs:
            table = subject.tables.get(edge.table)
            is_plain = edge.map.reach is not Reach.PREVIOUS and not edge.function
            if table is not None and table.calendar is not None and is_plain:
                reads[edge.table, edge.map].append(edge)
        for edges in reads.values():
            if len(edges) >= _MANY and _is_alike(subject, edges):
                message = f"{edges[0].table} is read {len(edges)} times, with the same columns"
                advice = "read it once, and tell the cases apart with COUNTIF, SUM(IF(…)) or GROUP BY"
                yield Diagnostic(edges[_MANY - 1].place, self.code, message, advice)


def _is_alike(subject: Inspected, edges: list[Input]) -> bool:
    """Whether some three of the reads use the same columns, outside of joins: there, a table may play several parts."""
    counts: collections.Counter[frozenset[str]] = collections.Counter()
    used: dict[int, set[str]] = collections.defaultdict(set)
    for column in subject.analysis.nodes.of(exp.Column):
        used[id(subject.relations.source_of(column))].add(column.name.casefold())
    for scope in subject.selects():
        for _, source in scope.selected_sources.values():
            is_it = isinstance(source, exp.Table) and f"{source.db}.{source.name}" == str(edges[0].table)
            if is_it and len(scope.selected_sources) == 1:
                counts[frozenset(used[id(source)])] += 1
    return any(count >= _MANY for count in counts.values())
