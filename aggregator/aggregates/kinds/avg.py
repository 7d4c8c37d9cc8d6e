"""``{avg: air_time}``: the mean of an expression."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, Column, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class Avg:
    """A sum and a count; the mean is their quotient."""

    word = "avg"
    method = ""
    additivity = Additivity.ALGEBRAIC
    page = """The mean of an expression over the rows where it is not NULL; NULL if there is none.

A mean of means weighs a day with 2 flights like one with 98, so what is kept is the total (`__sum`) and the number of
values (`__n`). A roll-up adds up both and divides once. As exact as the total, see `sum`."""
    example = "{avg: air_time}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """Two states and their quotient."""
        only(measure, self.word)
        name, value = measure.name, expression(measure, self.word)
        total = State(f"{name}__sum", f"SUM({value})", f"SUM({name}__sum)", meaning="total")
        number = State(f"{name}__n", f"COUNT({value})", f"SUM({name}__n)", meaning="number of values")
        return Algebra((total, number), (Column(name, f"SAFE_DIVIDE({total.column}, {number.column})"),))
