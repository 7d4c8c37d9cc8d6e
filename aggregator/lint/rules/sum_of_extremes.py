"""Maxima and minima do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected


class SumOfExtremes:
    """``SUM`` of a column that is a maximum or a minimum."""

    code = Code(
        "L082",
        "sum-of-extremes",
        """`SUM` is taken of a column that is a maximum or a minimum of each group.

The largest delays of thirty days, added up, are no delay that anybody had. The largest of the month is `MAX` of them.
Where MAX only picks the one value that all rows of a group have, call it as the column is called
(`MAX(seats) AS seats`); if the sum of extremes is meant, as for peaks of several machines, say so in a suppression.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH origins AS (
  SELECT flight_date, origin, MAX(dep_delay) AS worst FROM staging.flights GROUP BY flight_date, origin
)
SELECT flight_date, SUM(worst) AS worst FROM origins GROUP BY flight_date"""
    good = """WITH origins AS (
  SELECT flight_date, origin, MAX(dep_delay) AS worst FROM staging.flights GROUP BY flight_date, origin
)
SELECT flight_date, MAX(worst) AS worst FROM origins GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SUM."""
        for node in subject.aggregates(exp.Sum):
            is_total = not isinstance(node.parent, exp.Window)
            if is_total and measure_of(node.this, subject.relations) is Measure.EXTREME and not _picks(node, subject):
                message = "the sum of maxima or minima is neither of the whole"
                advice = "take MAX or MIN once more; if the sum is meant: `-- lint: allow sum-of-extremes because …`"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)


def _picks(node: exp.Expr, subject: Inspected) -> bool:
    """Whether the extremes are the one value that a group has, and keep its name."""
    columns = list(node.find_all(exp.Column))
    made = [(column, each) for column in columns for each in subject.relations.definitions(column)]
    return bool(made) and all(
        isinstance(each, (exp.Max, exp.Min))
        and isinstance(each.this, exp.Column)
        and each.this.name.casefold() == column.name.casefold()
        for column, each in made
    )
