"""``{top: dest, n: 5}``: the commonest values and how often they occur, exactly."""

from __future__ import annotations

from aggregator.aggregates.histograms import counted
from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, Column, expression, only, whole
from aggregator.core.aggregate import MeasureDeclaration


class Top:
    """The counts of all values; only the commonest are read."""

    word = "top"
    method = ""
    additivity = Additivity.HOLISTIC
    page = """The `n:` commonest values of an expression with how often each occurs, as an array of (value, n),
commonest first; of equally common ones the smaller value first. NULL does not count.

The five commonest of a month need not be among the five of any day, and their counts would be wrong. So what is
kept is the count of every value (`__counts`), and only what is read is cut to `n:` (10 where it is not said).
Exact, for as many different values as there are."""
    example = "{top: dest, n: 5}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """An array of values and counts, and its head."""
        only(measure, self.word, "n")
        counts, number = f"{measure.name}__counts", whole(measure, "n", 10, 1, 1000)
        head = (
            f"ARRAY(SELECT AS STRUCT each.value AS value, each.n AS n FROM UNNEST({counts}) AS each "
            f"ORDER BY each.n DESC, each.value LIMIT {number})"
        )
        return Algebra((counted(counts, expression(measure, self.word)),), (Column(measure.name, head),))
