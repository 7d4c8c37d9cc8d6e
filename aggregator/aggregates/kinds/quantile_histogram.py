"""``{quantile: dep_delay, phi: 0.9}``: the value below which a share of all values lies, exactly."""

from __future__ import annotations

from aggregator.aggregates.histograms import counted, phis
from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, Column, expression, only
from aggregator.core.aggregate import MeasureDeclaration


class QuantileHistogram:
    """Each value and how often it occurs."""

    word = "quantile"
    method = "histogram"
    additivity = Additivity.HOLISTIC
    page = """The smallest value of an expression such that at least the share `phi:` of all values is not larger:
0.5 is the median (`PERCENTILE_DISC`). NULL does not count; NULL if there is nothing else. A list of shares, such as
`phi: [0.5, 0.9]`, makes a column of each: `_p50`, `_p90`.

What is kept is each different value with how often it occurs (`__counts`); a roll-up adds up the counts. Exact, for
as many different values as there are: minutes of delay or prices have hundreds. Round what has more, or take
`method: kll`. A median of daily medians would be wrong in most months."""
    example = "{quantile: dep_delay, phi: 0.9, method: histogram}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """An array of values and counts, and where the running count passes a share of the total."""
        only(measure, self.word, "phi", "method")
        value, counts = expression(measure, self.word), f"{measure.name}__counts"
        finals = tuple(Column(name, _quantile(counts, phi)) for name, phi in phis(measure))
        return Algebra((counted(counts, value),), finals)


def _quantile(counts: str, phi: str) -> str:
    running = f"SELECT each.value AS value, SUM(each.n) OVER (ORDER BY each.value) AS n FROM UNNEST({counts}) AS each"
    total = f"(SELECT SUM(each.n) FROM UNNEST({counts}) AS each)"
    return f"(SELECT MIN(value) FROM ({running}) WHERE n >= NUMERIC '{phi}' * {total})"
