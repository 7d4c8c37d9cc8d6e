"""Ratios and averages do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected

_WHAT = {Measure.AVERAGE: "an average", Measure.RATIO: "a ratio"}


class SumOfRatio:
    """``SUM`` of a column that is an average or a ratio."""

    code = Code(
        "L041",
        "sum-of-ratio",
        """`SUM` is taken of a column that is an average or a ratio.

The sum has no meaning: two days with 90 % on time make 180 %. Sum the numerator and the denominator, and divide the
sums: `SAFE_DIVIDE(SUM(on_time_departures), SUM(departures))`. With a weight it is right: `SUM(rate * flights)`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH days AS (
  SELECT flight_date, carrier, SAFE_DIVIDE(COUNTIF(cancelled), COUNT(*)) AS cancellation_rate
  FROM staging.flights
  GROUP BY flight_date, carrier
)
SELECT flight_date, SUM(cancellation_rate) AS cancellation_rate FROM days GROUP BY flight_date"""
    good = """WITH days AS (
  SELECT flight_date, carrier, COUNTIF(cancelled) AS cancellations, COUNT(*) AS flights
  FROM staging.flights
  GROUP BY flight_date, carrier
)
SELECT flight_date, SAFE_DIVIDE(SUM(cancellations), SUM(flights)) AS cancellation_rate FROM days GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per SUM."""
        for node in subject.aggregates(exp.Sum):
            what = _WHAT.get(measure_of(node.this, subject.relations))
            if what is not None:
                message = f"the sum of {what} means nothing"
                advice = "sum its numerator and its denominator, and divide the sums"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
