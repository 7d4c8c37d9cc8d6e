"""What was left of the largest groups does not add up to all of them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.analysis.relation import is_cut
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected
from aggregator.lint.relations import TableColumn, outputs_of

_MAX_DEPTH = 30
_TOTALS = (Measure.COUNT, Measure.SUM)


class SumOfTop:
    """``SUM`` of counts or sums of which only the largest were kept."""

    code = Code(
        "L086",
        "sum-of-top",
        """`SUM` is taken of counts or sums of which LIMIT or a rank in QUALIFY kept the first few.

What was sixth on each of thirty days is missing in the month, though it may be the third of the month, and the totals
of those that are there lack their other days: of 60 counts of monthly top fives that were made from daily ones, 32 were
wrong. Keep all groups, add them up, and cut then; or declare `{top: dest, n: 5}`. If the total of the largest is meant,
say so in a suppression.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH busiest AS (
  SELECT flight_date, dest, COUNT(*) AS flights
  FROM staging.flights
  GROUP BY flight_date, dest
  QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY COUNT(*) DESC, dest) <= 5
)
SELECT flight_date, SUM(flights) AS flights FROM busiest GROUP BY flight_date"""
    good = """SELECT flight_date, dest, COUNT(*) AS flights
FROM staging.flights
GROUP BY flight_date, dest
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY COUNT(*) DESC, dest) <= 5"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SUM."""
        if not _something_is_cut(subject):
            return
        for node in subject.aggregates(exp.Sum):
            columns = list(node.this.find_all(exp.Column)) if isinstance(node.this, exp.Expr) else []
            if not isinstance(node.parent, exp.Window) and any(_is_cut(column, subject) for column in columns):
                message = "these are the totals of the first groups alone, the others are missing in the sum"
                advice = "add up all groups, then cut; if only these are meant: `-- lint: allow sum-of-top because …`"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)


def _something_is_cut(subject: Inspected) -> bool:
    """Whether there is a query or a table of the first rows alone; following columns takes longer than to ask this."""
    columns = (column for table in subject.tables.values() for column in table.columns)
    return any(is_cut(scope.expression) for scope in subject.relations.selects()) or any(
        column.measure is Measure.TOP for column in columns
    )


def _is_cut(column: exp.Column, subject: Inspected) -> bool:
    """Whether a column holds totals, and passed through a query that kept the first rows."""
    relations, was_cut = subject.relations, False
    for _ in range(_MAX_DEPTH):
        source = relations.source_of(column)
        if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
            break
        was_cut = was_cut or is_cut(source.expression)
        items = {item.alias_or_name.casefold(): item.unalias() for item in outputs_of(source)}
        inner = items.get(column.name.casefold())
        if not isinstance(inner, exp.Column):
            return was_cut and inner is not None and measure_of(inner, relations) in _TOTALS
        column = inner
    kinds = {each.column.measure for each in relations.definitions(column) if isinstance(each, TableColumn)}
    return kinds == {Measure.TOP} or (was_cut and bool(kinds) and kinds <= set(_TOTALS))
