"""The kinds of measures, one file each."""

from __future__ import annotations

from aggregator.aggregates.kinds import (
    avg,
    bit_and,
    bit_or,
    bit_xor,
    count,
    countif,
    distinct_days,
    distinct_hll,
    distinct_set,
    logical_and,
    logical_or,
    picked,
    quantile_histogram,
    quantile_kll,
    ratio,
    semi_additive,
    top,
    variance,
)
from aggregator.aggregates.kinds import max as largest
from aggregator.aggregates.kinds import min as smallest
from aggregator.aggregates.kinds import sum as total
from aggregator.aggregates.protocol import Algebra, BadMeasureError, Bucket, Kind
from aggregator.core.aggregate import MeasureDeclaration
from aggregator.core.diagnostics import did_you_mean

KINDS: tuple[Kind, ...] = (
    count.Count(),
    countif.CountIf(),
    total.Sum(),
    smallest.Min(),
    largest.Max(),
    logical_and.LogicalAnd(),
    logical_or.LogicalOr(),
    bit_and.BitAnd(),
    bit_or.BitOr(),
    bit_xor.BitXor(),
    avg.Avg(),
    ratio.Ratio(),
    variance.Variance(),
    variance.Stddev(),
    picked.First(),
    picked.Last(),
    picked.ArgMax(),
    picked.ArgMin(),
    semi_additive.SemiAdditive(),
    distinct_hll.DistinctHll(),
    distinct_set.DistinctSet(),
    distinct_days.DistinctDays(),
    quantile_histogram.QuantileHistogram(),
    quantile_kll.QuantileKll(),
    top.Top(),
)
"""Where a word has several methods, the first is meant unless another one is named."""

_ELSEWHERE = {
    **dict.fromkeys(("median", "percentile", "p50", "p90"), "`{quantile: …, phi: 0.5}` is the median"),
    **dict.fromkeys(("mean", "average"), "call it avg"),
    **dict.fromkeys(("count_distinct", "uniques", "approx_count_distinct", "hll"), "call it distinct"),
    **dict.fromkeys(("count_if", "sum_boolean"), "call it countif"),
    **dict.fromkeys(("max_by", "latest"), "`{last: …, by: …}`, or arg_max"),
    **dict.fromkeys(("min_by", "earliest"), "`{first: …, by: …}`, or arg_min"),
    **dict.fromkeys(("any", "boolor"), "call it logical_or"),
    **dict.fromkeys(("rate", "share", "divide"), "`{ratio: {num: …, den: …}}`"),
}
"""What other tools and dialects call them."""


def kind_of(measure: MeasureDeclaration) -> Kind:
    """The kind of a measure. Raises :class:`BadMeasureError`."""
    words = dict.fromkeys(kind.word for kind in KINDS)
    named = [key for key in measure.arguments if key in words]
    if not named:
        first = next(iter(measure.arguments), "")
        advice = _ELSEWHERE.get(first.casefold()) or did_you_mean(first, words) or f"there are: {', '.join(words)}"
        raise BadMeasureError(f"{first or 'nothing'} is not a kind of measure", advice, at=first)
    if len(named) > 1:
        raise BadMeasureError(f"a measure is one number, not both {named[0]} and {named[1]}", at=named[1])
    methods = {kind.method: kind for kind in KINDS if kind.word == named[0]}
    if "over_time" in measure.arguments and "over_time" in methods:
        return methods["over_time"]
    method = measure.arguments.get("method", next(iter(methods)))
    kind = methods.get(str(method))
    if kind is None:
        advice = did_you_mean(str(method), methods) or f"there are: {', '.join(methods)}"
        raise BadMeasureError(f"{named[0]} has no method {method}", advice, at=method)
    return kind


def algebra_of(measure: MeasureDeclaration, bucket: Bucket | None = None) -> Algebra:
    """The SQL of a measure. Raises :class:`BadMeasureError`."""
    return kind_of(measure).algebra(measure, bucket or Bucket())
