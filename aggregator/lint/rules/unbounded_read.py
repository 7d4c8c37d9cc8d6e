"""A partition that is made from all of a table."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.maps import Reach
from aggregator.lint.bounds import made_from
from aggregator.lint.protocol import Inspected


class UnboundedRead:
    """A partitioned input that each partition reads whole."""

    code = Code(
        "L020",
        "unbounded-read",
        """Each partition of this model reads all partitions of an input (`inputs: {…: all}`), without a filter.

A day then costs a scan of all days, more each day; and as any change anywhere in the input may change any partition,
one late row makes all of them stale. What is rebuilt for May also holds what came in June, so the partitions are no
history. Name what is needed: `{last: 90 days}`; for running totals read the model's own partition before, `previous`.
Or filter the input by its partition column in WHERE. Where the whole table is meant, allow this rule and say why.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """/*---
description: Flights of each carrier up to a day.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, carrier]
inputs: {staging.flights: all}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
GROUP BY carrier"""
    good = """/*---
description: Flights of each carrier in the 90 days that end with a day.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-04-01}
key: [flight_date, carrier]
inputs: {staging.flights: {last: 90 days}}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, carrier, COUNT(*) AS flights
FROM staging.flights
GROUP BY carrier"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per mention of such an input."""
        if subject.model.calendar is None:
            return
        for edge in subject.model.inputs:
            table = subject.tables.get(edge.table)
            if (
                edge.map.reach is Reach.ALL
                and table
                and table.calendar
                and not _is_filtered(subject, table.calendar.column)
            ):
                message = f"every partition reads all of {edge.table}"
                advice = f"read a part of it: `inputs: {{{edge.table}: {{last: 90 days}}}}`"
                if edge.function:
                    advice = f"read a part of it in {edge.function}, or join the table in the SELECT"
                yield Diagnostic(edge.place, self.code, message, advice)


def _is_filtered(subject: Inspected, column: str) -> bool:
    """Whether a condition somewhere names the partition column, or a column that is made from it."""
    names = made_from(subject, {column.casefold()})
    conditions: list[exp.Expr] = [*subject.written.of(exp.Where, exp.Having, exp.Qualify)]
    for join in subject.written.of(exp.Join):
        conditions += [each for each in (join.args.get("on"), *(join.args.get("using") or ())) if each is not None]
    named = (node for condition in conditions for node in condition.find_all(exp.Column, exp.Identifier))
    return any(node.name.casefold() in names for node in named)
