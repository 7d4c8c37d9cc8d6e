"""An approximate answer is not the same answer twice."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.nodes import name_of
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected

_APPROXIMATE = (exp.ApproxDistinct, exp.ApproxQuantiles, exp.ApproxTopK, exp.ApproxTopSum)


class Approx:
    """``APPROX_COUNT_DISTINCT`` and its kin."""

    code = Code(
        "L015",
        "approx",
        """The SQL asks for an approximate answer (`APPROX_COUNT_DISTINCT`, `APPROX_QUANTILES`, `APPROX_TOP_COUNT`,
`APPROX_TOP_SUM`).

The answer depends on how the engine spreads the work, so a day that is built again may differ by a percent, and looks
as if its data had changed; the embedded engine gives yet another number. It can't be added up over days either. On the
rows of one partition the exact form is seldom too dear: `COUNT(DISTINCT tailnum)`. Where it is, keep a sketch
(`HLL_COUNT.INIT`), which can be merged, or allow this rule and say which error is accepted.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, APPROX_COUNT_DISTINCT(tailnum) AS planes FROM staging.flights GROUP BY flight_date"
    good = "SELECT flight_date, COUNT(DISTINCT tailnum) AS planes FROM staging.flights GROUP BY flight_date"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        for node in subject.written.of(*_APPROXIMATE):
            advice = "use the exact form, or say why an error is accepted"
            message = f"{name_of(node)} may give another number when it is run again"
            yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
