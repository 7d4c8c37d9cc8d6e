"""Rows must lie in the partition that is being built."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Origin
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.pseudo import telling
from aggregator.lint.bounds import made_from
from aggregator.lint.protocol import Inspected


class PartitionMismatch:
    """A partition column that has nothing to do with that of the inputs."""

    code = Code(
        "L021",
        "partition-mismatch",
        """The partition column is made from another column than the one by which the input is filtered.

The filter from the map is on the partition column of the input, say the day on which a flight was scheduled. A model
that is partitioned by the day on which it departed then finds, among the flights scheduled on one day, some that left
on the next. Rows outside of the interval that is being built stop the write; if they were written, two runs would own
the same partition. Partition by the same column as the input; or read more of it, with a `last` map, and keep what
belongs here with `WHERE … >= @start AND … < @end`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """/*---
description: Flights by the day on which they left.
owner: ops-analytics@example.com
partition: {by: departure_date, grain: day, from: 2013-01-01}
key: [departure_date, carrier]
---*/
SELECT DATE(actual_departure, 'America/New_York') AS departure_date, carrier, COUNT(*) AS flights
FROM staging.flights
GROUP BY departure_date, carrier"""
    good = """/*---
description: Flights by the day on which they left.
owner: ops-analytics@example.com
partition: {by: departure_date, grain: day, from: 2013-01-02}
key: [departure_date, carrier]
inputs: {staging.flights: {last: 2 days}}
---*/
SELECT DATE(actual_departure, 'America/New_York') AS departure_date, carrier, COUNT(*) AS flights
FROM staging.flights
WHERE DATE(actual_departure, 'America/New_York') >= @start AND DATE(actual_departure, 'America/New_York') < @end
GROUP BY departure_date, carrier"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """At most one finding: where the partition column is made."""
        calendar = subject.model.calendar
        if calendar is None or any(subject.written.of(exp.Parameter)):
            return  # with @start and @end the author sees to it, in a way that is not looked into
        names = [column.name.casefold() for column in subject.model.columns]
        index = names.index(calendar.column.casefold())
        origins = subject.model.columns[index].origins
        filtered = {(str(edge.table), name) for edge in subject.model.inputs for name in _by(subject, edge.table)}
        read = {str(edge.table) for edge in subject.model.inputs if edge.map.reach is not Reach.ALL}
        if not origins or not read or _named(origins) & filtered or _is_joined(subject, origins):
            return
        selects = subject.query.tree.selects
        node = selects[index] if len(selects) == len(names) else subject.query.tree
        made = ", ".join(f"{origin.table}.{origin.column}" for origin in origins)
        message = f"{calendar.column} is made from {made}, by which no input is filtered"
        advice = "partition by the column that the inputs are partitioned by, or keep the interval with WHERE"
        yield Diagnostic(subject.query.place_of(node), self.code, message, advice)


def _by(subject: Inspected, name: TableName) -> list[str]:
    """The columns that tell the partition of a row of an input that is read through a map."""
    table = subject.tables.get(name)
    calendar = table.calendar if table else subject.model.calendar if name == subject.model.name else None
    return [each.casefold() for each in telling(calendar.column, calendar.grain)] if calendar else []


def _named(origins: tuple[Origin, ...]) -> set[tuple[str, str]]:
    return {(origin.table, origin.column.casefold()) for origin in origins}


def _is_joined(subject: Inspected, origins: tuple[Origin, ...]) -> bool:
    """Whether a join or WHERE sets one of the columns equal to another column."""
    names = made_from(subject, {origin.column.casefold() for origin in origins})
    pairs = [{side.name.casefold() for side in (each.left, each.right)} for each in subject.written.of(exp.EQ)]
    pairs += [{each.name.casefold()} for join in subject.written.of(exp.Join) for each in join.args.get("using") or ()]
    return any(pair & names for pair in pairs)
