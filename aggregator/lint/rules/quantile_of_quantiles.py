"""A median is not made from medians."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis.aggregates import QUANTILES
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.graph import Measure
from aggregator.lint.measures import measure_of
from aggregator.lint.protocol import Inspected

_WHAT: dict[type[exp.Expr], str] = {exp.Sum: "the sum", exp.Avg: "the mean"}


class QuantileOfQuantiles:
    """``SUM``, ``AVG`` or a quantile of a column that is a median or another quantile."""

    code = Code(
        "L080",
        "quantile-of-quantiles",
        """A sum, a mean or a quantile is taken of a column that is a median or another quantile.

It is no quantile of the whole: the median of daily medians of delays is not the median of the month in two of three
cases, and is off by up to 25 minutes. Take it from the rows, or declare the measure `{quantile: dep_delay, phi: 0.5}`,
which keeps how often each value occurs and rolls up exactly. The largest of daily medians is fine. If a typical day is
what is meant, say so in a suppression.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH days AS (
  SELECT flight_date, carrier, PERCENTILE_CONT(dep_delay, 0.5) OVER (PARTITION BY flight_date, carrier) AS delay
  FROM staging.flights
)
SELECT flight_date, AVG(delay) AS delay FROM days GROUP BY flight_date"""
    good = """WITH days AS (
  SELECT flight_date, PERCENTILE_CONT(dep_delay, 0.5) OVER (PARTITION BY flight_date) AS delay FROM staging.flights
)
SELECT flight_date, MAX(delay) AS delay FROM days GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for node in subject.aggregates(exp.Sum, exp.Avg, *QUANTILES):
            of_rows = not isinstance(node.parent, exp.Window) or isinstance(node, QUANTILES)
            inner = node.this
            if of_rows and isinstance(inner, exp.Expr) and measure_of(inner, subject.relations) is Measure.QUANTILE:
                message = f"{_WHAT.get(type(node), 'a quantile')} of quantiles is no quantile of the whole"
                advice = "take it from the rows, or declare `{quantile: …, phi: …}`, which rolls up"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
