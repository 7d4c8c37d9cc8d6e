"""Distinct counts do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected


class SumOfDistinct:
    """``SUM`` of a column that counts distinct values."""

    code = Code(
        "L042",
        "sum-of-distinct",
        """`SUM` is taken of a column that counts distinct values, as `COUNT(DISTINCT tailnum)` does.

Whatever is in several groups is counted several times: an aircraft that flies on each of 30 days is 30 aircraft in the
sum. Count from the rows, over the whole period, or keep a sketch (`HLL_COUNT.INIT`) and merge it. If nothing can be in
two of the groups, say so in a suppression.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH origins AS (
  SELECT flight_date, origin, COUNT(DISTINCT tailnum) AS planes FROM staging.flights GROUP BY flight_date, origin
)
SELECT flight_date, SUM(planes) AS planes FROM origins GROUP BY flight_date"""
    good = "SELECT flight_date, COUNT(DISTINCT tailnum) AS planes FROM staging.flights GROUP BY flight_date"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SUM."""
        for node in subject.aggregates(exp.Sum):
            if measure_of(node.this, subject.relations) is Measure.DISTINCT:
                message = "the sum of distinct counts counts things several times"
                advice = "count from the rows, or keep a sketch and merge it"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
