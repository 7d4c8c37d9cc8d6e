"""A mean is not made from means."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected

_WHAT = {Measure.AVERAGE: "an average", Measure.RATIO: "a ratio"}


class AverageOfAverages:
    """``AVG`` of a column that is an average or a ratio."""

    code = Code(
        "L040",
        "average-of-averages",
        """`AVG` is taken of a column that is an average or a ratio already.

Every group then weighs the same, however many rows it had: a day with 2 flights, both late, and a day with 98 flights,
all on time, give 50 % instead of 98 %. Keep the sum and the count beside the average, and divide their sums:
`SAFE_DIVIDE(SUM(on_time_departures), SUM(departures))`. A moving average over a window is not meant.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH days AS (
  SELECT flight_date, carrier, AVG(dep_delay) AS avg_delay FROM staging.flights GROUP BY flight_date, carrier
)
SELECT flight_date, AVG(avg_delay) AS avg_delay FROM days GROUP BY flight_date"""
    good = """WITH days AS (
  SELECT flight_date, carrier, SUM(dep_delay) AS minutes, COUNT(dep_delay) AS departures
  FROM staging.flights
  GROUP BY flight_date, carrier
)
SELECT flight_date, SAFE_DIVIDE(SUM(minutes), SUM(departures)) AS avg_delay FROM days GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per AVG."""
        for node in subject.aggregates(exp.Avg):
            what = _WHAT.get(measure_of(node.this, subject.relations))
            if what is not None and not isinstance(node.parent, exp.Window):
                message = f"AVG of {what} weighs large and small groups alike"
                advice = "divide the sum of the numerators by the sum of the denominators"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
