"""A mean of distinct counts is no distinct count."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected

_SAYS_SO = frozenset({"avg", "average", "mean", "typical", "daily", "hourly", "weekly", "monthly", "per"})
"""Words in the name of a column that say that it is a mean."""


class AverageOfDistinct:
    """``AVG`` of distinct counts, under a name that promises a count."""

    code = Code(
        "L081",
        "average-of-distinct",
        """`AVG` is taken of a column that counts distinct values, and the name of the result does not say so.

The mean of the aircraft of each day is not the number of aircraft of the month: who is in several groups counts in each
of them, and nobody sees it. If the mean is meant, say so in the name: `avg_planes`, `planes_per_day`. If the number of
different ones is, count from the rows, or declare `{distinct: tailnum, method: hll}`, which rolls up.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH origins AS (
  SELECT flight_date, origin, COUNT(DISTINCT tailnum) AS planes FROM staging.flights GROUP BY flight_date, origin
)
SELECT flight_date, AVG(planes) AS planes FROM origins GROUP BY flight_date"""
    good = """WITH origins AS (
  SELECT flight_date, origin, COUNT(DISTINCT tailnum) AS planes FROM staging.flights GROUP BY flight_date, origin
)
SELECT flight_date, AVG(planes) AS avg_planes FROM origins GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per AVG."""
        for node in subject.qualified.of(exp.Avg):
            alias = node.find_ancestor(exp.Alias, exp.Query, exp.Window)
            if not isinstance(alias, exp.Alias) or measure_of(node.this, subject.relations) is not Measure.DISTINCT:
                continue
            if _SAYS_SO.isdisjoint(alias.alias.casefold().split("_")):
                message = f"{alias.alias} is a mean of distinct counts: how many different ones there are, is not known"
                advice = f"count from the rows; if the mean is meant, call it avg_{alias.alias}"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
