"""``{logical_or: dep_delay > 180}``: whether a condition holds for any row."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class LogicalOr:
    """``LOGICAL_OR``, merged by ``LOGICAL_OR``."""

    word = "logical_or"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """Whether a condition holds for any row; NULL if it is NULL for all."""
    example = "{logical_or: dep_delay > 180}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"LOGICAL_OR({expression(measure, self.word)})", f"LOGICAL_OR({measure.name})")
        return Algebra((state,))
