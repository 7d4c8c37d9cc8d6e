"""The end of an interval is not part of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import conjuncts
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.core.maps import Reach
from aggregator.lint.protocol import Inspected


class InclusiveEnd:
    """``BETWEEN @start AND @end``."""

    code = Code(
        "L065",
        "inclusive-end",
        """`BETWEEN @start AND @end` includes `@end`, which is the first moment after the interval.

What happened exactly then, for dates the whole next day, is counted twice: in this partition and in the next. Write
`x >= @start AND x < @end`. On the partition column of an input the condition is not needed at all: the partition map
puts it in.""",
        Layer.LINT,
    )
    bad = "SELECT @start AS flight_date, tailnum FROM dims.planes WHERE last_flight_date BETWEEN @start AND @end"
    good = """SELECT @start AS flight_date, tailnum
FROM dims.planes
WHERE last_flight_date >= @start AND last_flight_date < @end"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per condition."""
        if subject.model.calendar is None:
            return
        for node in subject.qualified.of(exp.Between):
            if _is(node.args["low"], "start") and _is(node.args["high"], "end") and not _is_cut(node.this, subject):
                yield self._finding(subject, node, "BETWEEN @start AND @end")
        for clause in subject.qualified.of(exp.Where, exp.Join):
            tests = list(conjuncts(clause.args.get("on") if isinstance(clause, exp.Join) else clause.this))
            begun = {test.left for test in tests if isinstance(test, exp.GTE) and _is(test.right, "start")}
            for test in tests:
                is_end = isinstance(test, exp.LTE) and _is(test.right, "end") and test.left in begun
                if is_end and not _is_cut(test.this, subject):
                    yield self._finding(subject, test, ">= @start AND <= @end")

    def _finding(self, subject: Inspected, node: exp.Expr, what: str) -> Diagnostic:
        message = f"{what} includes the first moment after the interval"
        return Diagnostic(subject.query.place_of(node), self.code, message, "write >= @start AND < @end")


def _is(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Parameter) and node.name == name


def _is_cut(node: exp.Expr, subject: Inspected) -> bool:
    """Whether a partition map leaves out what the condition lets in."""
    if not isinstance(node, exp.Column):
        return False
    table = subject.relations.table(subject.relations.source_of(node))
    if table is None or table.calendar is None or table.calendar.column.casefold() != node.name.casefold():
        return False
    return all(edge.map.reach is not Reach.ALL for edge in subject.model.inputs if edge.table == table.name)
