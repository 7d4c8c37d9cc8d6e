"""``{countif: dep_delay > 15}``: how many rows meet a condition."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class CountIf:
    """``COUNTIF``, merged by ``SUM``."""

    word = "countif"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """How many rows meet a condition; where it is NULL, it is not met.

A roll-up adds the counts up. Exact."""
    example = "{countif: dep_delay > 15}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"COUNTIF({expression(measure, self.word)})", f"SUM({measure.name})")
        return Algebra((state,))
