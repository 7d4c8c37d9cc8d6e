"""Distinct pairs are counted through one value."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.protocol import Inspected


class DistinctPairs:
    """``COUNT(DISTINCT x, y)``."""

    code = Code(
        "L063",
        "distinct-pairs",
        """`COUNT(DISTINCT x, y)` has several arguments.

BigQuery refuses it, and engines that take it leave out every pair with a NULL. Count one value that stands for the
pair: `COUNT(DISTINCT TO_JSON_STRING(STRUCT(x, y)))`. Do not glue texts together without something between them:
`CONCAT('1', '23')` and `CONCAT('12', '3')` are the same.""",
        Layer.LINT,
    )
    bad = "SELECT flight_date, COUNT(DISTINCT origin, dest) AS routes FROM staging.flights GROUP BY flight_date"
    good = """SELECT flight_date, COUNT(DISTINCT TO_JSON_STRING(STRUCT(origin, dest))) AS routes
FROM staging.flights
GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per COUNT."""
        for node in subject.written.of(exp.Count):
            if isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1:
                message = f"COUNT(DISTINCT …) takes one value, not {len(node.this.expressions)}"
                advice = "COUNT(DISTINCT TO_JSON_STRING(STRUCT(x, y)))"
                yield Diagnostic(subject.query.place_of(node), self.code, message, advice)
