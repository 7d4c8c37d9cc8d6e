"""``{logical_and: dep_delay <= 15}``: whether a condition holds for all rows."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class LogicalAnd:
    """``LOGICAL_AND``, merged by ``LOGICAL_AND``."""

    word = "logical_and"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """Whether a condition holds for every row for which it is not NULL; NULL if there is none."""
    example = "{logical_and: dep_delay <= 15}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"LOGICAL_AND({expression(measure, self.word)})", f"LOGICAL_AND({measure.name})")
        return Algebra((state,))
