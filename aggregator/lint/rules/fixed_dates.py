"""A date in a WHERE decides which partitions are empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlglot import exp

from aggregator.core.calendar import Calendar
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.project import Partitioning
from aggregator.lint.bounds import FIRST, LAST, Bound, bounds, mapped, meet
from aggregator.lint.protocol import Inspected


class FixedDates:
    """A constant compared with the partition column of the only input."""

    code = Code(
        "L024",
        "fixed-dates",
        """A WHERE compares the partition column of the input with a constant, so that some partitions are always empty.

With `WHERE flight_date >= '2013-06-01'` the partitions before June are built, take their time, and have no rows; with
`WHERE flight_date = '2013-06-01'` so do all others. Nobody is told, and a check of the number of rows fails each day.
Which partitions a model has is said by `partition: {from: …, to: …}`; the condition is then not needed. Where two
inputs are put together by UNION ALL, one until a day and one from it on, nothing is said.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, carrier, origin FROM staging.flights WHERE flight_date >= '2013-06-01'"
    good = "SELECT flight_date, carrier, origin FROM staging.flights WHERE flight_date >= '2013-01-01'"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per condition."""
        reader, partition = subject.model.calendar, subject.model.model.partition
        if reader is None or partition is None or any(subject.written.of(exp.SetOperation)):
            return
        for bound in bounds(subject):
            asked = bound.stretch(partition.start, partition.start) if bound.is_constant else None
            empty = _empty(bound, asked, reader, partition) if asked and _is_all(subject, bound.select) else ""
            if empty:
                place = subject.query.place_of(bound.node)
                advice = "say in `partition:` from when to when there are partitions"
                yield Diagnostic(place, self.code, f"this constant leaves {empty} without rows", advice)


def _empty(bound: Bound, asked: tuple[datetime, datetime], reader: Calendar, partition: Partitioning) -> str:
    """Which partitions can have no rows; empty if all can."""
    low, high = asked
    first = reader.grain.ceil(partition.start)
    if low != FIRST and high != LAST:
        return "the other partitions"
    if low != FIRST and not _can_have_rows(bound, asked, reader, first):
        return f"the partitions before {reader.id(reader.grain.floor(low))}"
    last = reader.grain.floor(partition.end - timedelta(microseconds=1)) if partition.end else None
    if high != LAST and (last is None or not _can_have_rows(bound, asked, reader, last)):
        return f"the partitions from {reader.id(reader.grain.ceil(high))} on"
    return ""


def _can_have_rows(bound: Bound, asked: tuple[datetime, datetime], reader: Calendar, start: datetime) -> bool:
    end = reader.next(start)
    return meet(asked, mapped(bound.edge.map, bound.source, start, end, reader.grain)) is not None


def _is_all(subject: Inspected, select: exp.Select) -> bool:
    """Whether all rows of the result come through this SELECT: it is the last one, or its only source, and so on."""
    current: exp.Expr | None = subject.analysis.root.expression if subject.analysis.root else None
    while isinstance(current, exp.Select):
        if current is select:
            return True
        scope, source = subject.analysis.scopes.get(id(current)), current.args.get("from_")
        if scope is None or source is None or current.args.get("joins"):
            return False
        inner = scope.sources.get(source.this.alias_or_name)
        current = getattr(inner, "expression", None)
    return False
