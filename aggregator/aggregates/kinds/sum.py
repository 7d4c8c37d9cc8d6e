"""``{sum: distance}``: the total of an expression."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class Sum:
    """``SUM``, merged by ``SUM``."""

    word = "sum"
    method = ""
    additivity = Additivity.DISTRIBUTIVE
    page = """The total of an expression over the rows where it is not NULL; NULL if there is none.

A roll-up adds the totals up. Exact for INT64, NUMERIC and BIGNUMERIC; the total of FLOAT64 numbers depends, in its
last digits, on the order in which they are added. What must not be added up over time, such as seats or a balance,
is declared with `over_time:`, see `last`."""
    example = "{sum: distance}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """One column, which is what people read, too."""
        only(measure, self.word)
        state = State(measure.name, f"SUM({expression(measure, self.word)})", f"SUM({measure.name})")
        return Algebra((state,))
