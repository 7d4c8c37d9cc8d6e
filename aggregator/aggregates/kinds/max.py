"""``{max: dep_delay}``: the largest value."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class Max:
    """``MAX``, merged by ``MAX``."""

    word = "max"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """The largest value that is not NULL; NULL if there is none.

A roll-up takes the largest of them."""
    example = "{max: dep_delay}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"MAX({expression(measure, self.word)})", f"MAX({measure.name})")
        return Algebra((state,))
