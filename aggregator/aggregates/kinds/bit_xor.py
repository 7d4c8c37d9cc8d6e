"""``{bit_xor: distance}``: the bits that are set in an odd number of rows."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class BitXor:
    """``BIT_XOR``, merged by ``BIT_XOR``."""

    word = "bit_xor"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """The bits that are set in an INT64 of an odd number of rows.

It merges exactly, but is no checksum of rows: two equal rows cancel each other. Take a sum of hashes and a count."""
    example = "{bit_xor: distance}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"BIT_XOR({expression(measure, self.word)})", f"BIT_XOR({measure.name})")
        return Algebra((state,))
