"""``{count: *}``: how many rows, or how many that are not NULL."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class Count:
    """``COUNT``, merged by ``SUM``."""

    word = "count"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """How many rows there are (`*`), or for how many an expression is not NULL.

Counts of counts are sums: a roll-up adds them up and never counts again. Exact."""
    example = '{count: "*"}'

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"COUNT({expression(measure, self.word)})", f"SUM({measure.name})")
        return Algebra((state,))
