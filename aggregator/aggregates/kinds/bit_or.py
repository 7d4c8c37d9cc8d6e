"""``{bit_or: distance}``: the bits that are set in any row."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class BitOr:
    """``BIT_OR``, merged by ``BIT_OR``."""

    word = "bit_or"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """The bits that are set in an INT64 of any row."""
    example = "{bit_or: distance}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"BIT_OR({expression(measure, self.word)})", f"BIT_OR({measure.name})")
        return Algebra((state,))
