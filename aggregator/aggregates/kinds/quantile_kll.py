"""``{quantile: dep_delay, phi: 0.9, method: kll}``: the same, estimated from a sketch."""

from __future__ import annotations

from aggregator.aggregates.histograms import phis
from aggregator.aggregates.protocol import Additivity, Algebra, Bucket, Column, State, expression, only, whole
from aggregator.core.aggregate import MeasureDeclaration


class QuantileKll:
    """A KLL sketch."""

    word = "quantile"
    method = "kll"
    additivity = Additivity.HOLISTIC
    page = """The value below which the share `phi:` of all values lies, estimated from a KLL sketch of FLOAT64
numbers.

`precision:` is from 1 to 100000; at 1000, the default, the share is right to within 0.28 % for one estimate and
0.36 % for all of them at once, with 99 % confidence (2.296/precision^0.9723, from Apache DataSketches). Sketches
(`__kll`) of one precision merge into one. In BigQuery these functions are in preview and give slightly different
answers from run to run, so a partition that is built again is not the same to the last digit: take
`method: histogram` unless there are too many different values. On DuckDB it is exact."""
    example = "{quantile: dep_delay, phi: 0.9, method: kll}"

    def algebra(self, measure: MeasureDeclaration, bucket: Bucket) -> Algebra:
        """A sketch, and points of it."""
        only(measure, self.word, "phi", "method", "precision")
        value, sketch = expression(measure, self.word), f"{measure.name}__kll"
        precision = whole(measure, "precision", 1000, 1, 100_000)
        state = State(
            sketch,
            of_rows=f"KLL_QUANTILES.INIT_FLOAT64(CAST({value} AS FLOAT64), {precision})",
            of_states=f"KLL_QUANTILES.MERGE_PARTIAL({sketch})",
            meaning="KLL sketch",
        )
        points = tuple(
            Column(name, f"KLL_QUANTILES.EXTRACT_POINT_FLOAT64({sketch}, {phi})") for name, phi in phis(measure)
        )
        return Algebra((state,), points, error=0.0036)
