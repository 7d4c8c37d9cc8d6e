"""``{variance: dep_delay}`` and ``{stddev: dep_delay}``: how far values lie from their mean."""

from __future__ import annotations

from aggregator.aggregates.protocol import Additivity, Algebra, BadMeasureError, Bucket, Column, State, expression, only
from aggregator.core.aggregate import MeasureDeclaration

_PAGE = """{what} of an expression over the rows where it is not NULL: of a sample (divided by n - 1; NULL for fewer
than two values), or of all there is with `of: population`.

What is kept is the number of values (`__n`), their mean (`__mean`) and the sum of the squares of their distances
from it (`__m2`). A roll-up finds the mean of all first, and then moves every sum of squares to it (Chan, Golub and
LeVeque, 1979). Sums of squares of the values themselves would lose all digits where the mean is large and the
spread small; here as many digits are lost as the mean has more than the spread: of 15, for a mean of a billion and a
spread of 1, nine."""


class Variance:
    """Number, mean, and sum of squares around it."""

    word = "variance"
    method = ""
    additivity = Additivity.ALGEBRAIC
    page = _PAGE.format(what="The variance")
    example = "{variance: dep_delay}"
    _read = "{}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """Three states, and the mean of the whole group before they are merged."""
        only(measure, self.word, "of")
        name, value = measure.name, expression(measure, self.word)
        of = measure.arguments.get("of", "sample")
        if of not in ("sample", "population"):
            raise BadMeasureError(f"of: must be sample or population, not {of}", at=of)
        n, mean, m2 = f"{name}__n", f"{name}__mean", f"{name}__m2"
        all_n, all_sum = f"{name}__all_n", f"{name}__all_sum"
        away = f"{mean} - SAFE_DIVIDE({all_sum}, {all_n})"
        states = (
            State(n, f"COUNT({value})", f"SUM({n})", meaning="number of values"),
            State(mean, f"AVG({value})", f"SAFE_DIVIDE(SUM({n} * {mean}), SUM({n}))", meaning="mean"),
            State(m2, f"VAR_POP({value}) * COUNT({value})", f"SUM({m2} + {n} * POW({away}, 2))", meaning="squares"),
        )
        degrees = n if of == "population" else f"GREATEST({n} - 1, 0)"
        final = Column(name, self._read.format(f"SAFE_DIVIDE({m2}, {degrees})"))
        before = (Column(all_n, f"SUM({n})"), Column(all_sum, f"SUM({n} * {mean})"))
        return Algebra(states, (final,), before_states=before)


class Stddev(Variance):
    """The square root of the variance."""

    word = "stddev"
    page = _PAGE.format(what="The standard deviation")
    example = "{stddev: dep_delay}"
    _read = "SQRT({})"
