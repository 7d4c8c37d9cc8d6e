"""``{distinct: tailnum, method: exact_set}``: how many different values, exactly."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, Column, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class DistinctSet:
    """The values themselves."""

    word = "distinct"
    method = "exact_set"
    additivity = Additivity.HOLISTIC
    page = """How many different values there are, NULL not counted: exactly, from the values themselves.

What is kept is the sorted array of all different values of the group (`__values`), which a roll-up unites. That is as
much as there are values: use it for airports or devices, not for millions of viewers. A row of BigQuery holds at most
100 MB."""
    example = "{distinct: tailnum, method: exact_set}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """An array, and its length."""
        only(measure, self.word, "method")
        value, values = expression(measure, self.word), f"{measure.name}__values"
        state = State(
            values,
            of_rows=f"ARRAY_AGG(DISTINCT {value} IGNORE NULLS ORDER BY {value})",
            of_states=f"ARRAY_CONCAT_AGG({values})",
            settled_states=f"ARRAY(SELECT each FROM UNNEST({values}) AS each GROUP BY each ORDER BY each)",
            meaning="the different values",
        )
        return Algebra((state,), (Column(measure.name, f"IFNULL(ARRAY_LENGTH({values}), 0)"),))
