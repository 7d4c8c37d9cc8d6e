"""``{min: dep_delay}``: the smallest value."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class Min:
    """``MIN``, merged by ``MIN``."""

    word = "min"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """The smallest value that is not NULL; NULL if there is none.

A roll-up takes the smallest of them. Do not put COALESCE(…, 0) around it: a group without rows would then win."""
    example = "{min: dep_delay}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"MIN({expression(measure, self.word)})", f"MIN({measure.name})")
        return Algebra((state,))
