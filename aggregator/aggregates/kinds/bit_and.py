"""``{bit_and: distance}``: the bits that are set in all rows."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class BitAnd:
    """``BIT_AND``, merged by ``BIT_AND``."""

    word = "bit_and"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """The bits that are set in an INT64 of every row."""
    example = "{bit_and: distance}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"BIT_AND({expression(measure, self.word)})", f"BIT_AND({measure.name})")
        return Algebra((state,))
