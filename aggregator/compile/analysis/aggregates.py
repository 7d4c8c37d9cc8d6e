"""What aggregate and window functions make of what they aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis.lineage import Value, as_derived, origins_of, sum_of
from aggregator.core.graph import Derivation, Measure

if TYPE_CHECKING:
    from aggregator.compile.analysis.types import Type

QUANTILES = (exp.ApproxQuantile, exp.ApproxQuantiles, exp.Median, exp.PercentileCont, exp.PercentileDisc, exp.Quantile)
"""Functions that give values below which shares of all values lie."""

MEASURES: dict[type[exp.Expr], Measure] = {
    **{kind: Measure.OTHER for kind in vars(exp).values() if isinstance(kind, type) and issubclass(kind, exp.AggFunc)},
    exp.ApproxDistinct: Measure.DISTINCT,
    exp.Avg: Measure.AVERAGE,
    exp.Count: Measure.COUNT,
    exp.CountIf: Measure.COUNT,
    exp.LogicalAnd: Measure.EXTREME,
    exp.LogicalOr: Measure.EXTREME,
    exp.Max: Measure.EXTREME,
    exp.Min: Measure.EXTREME,
    exp.Sum: Measure.SUM,
    **dict.fromkeys(QUANTILES, Measure.QUANTILE),
}
"""Which kind of number an aggregate gives."""

PICKS = (exp.FirstValue, exp.LastValue, exp.NthValue, exp.Lag, exp.Lead)
"""Window functions that give the value of another row."""

WINDOW_ONLY = frozenset(
    {*PICKS, exp.CumeDist, exp.DenseRank, exp.Ntile, exp.PercentRank, exp.Rank, exp.RowNumber, exp.Grouping}
)
"""Functions that sqlglot calls aggregates and that make no row of many."""

for _kind in WINDOW_ONLY:
    MEASURES.pop(_kind, None)

_ONE_OF_MANY = (exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.ArrayAgg, exp.Max, exp.Min, exp.ArrayConcatAgg)
"""Aggregates that give what they take: a field of the result is a field of what is aggregated."""


def is_aggregate(node: exp.Expr) -> bool:
    """Whether an expression holds an aggregate of its SELECT's own: none over a window, and none of a query inside."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.AggFunc) and type(node) not in WINDOW_ONLY:
            return True
        if not isinstance(node, (exp.Query, exp.Window)):
            waiting.extend(node.iter_expressions())
    return False


def is_windowed(node: exp.Expr) -> bool:
    """Whether an aggregate has OVER; IGNORE NULLS and the like may stand in between."""
    parent = node.parent
    while isinstance(parent, (exp.IgnoreNulls, exp.RespectNulls, exp.Filter, exp.WithinGroup)):
        parent = parent.parent
    return isinstance(parent, exp.Window) and parent.this is not None and node.arg_key == "this"


def aggregated(
    kind: type[exp.Expr], this: Value, others: list[Value], type_: Type | None, *, is_distinct: bool
) -> Value:
    """The value of an aggregate function; ``others`` are its other arguments and what it orders by."""
    measure = MEASURES.get(kind, Measure.OTHER)
    if kind is exp.Count and is_distinct:
        measure = Measure.DISTINCT
    elif kind is exp.Sum:
        measure = Measure.OTHER if is_distinct else sum_of(this.measure)
    elif kind is exp.AnyValue and this.measure is not Measure.NONE:
        measure = this.measure
    origins = origins_of([this, *others])
    if kind in _ONE_OF_MANY:
        found = as_derived(this, Derivation.AGGREGATE, measure, type_)
        return found._replace(origins=origins, is_path=this.is_path and origins == this.origins)
    return Value(type_, origins, Derivation.AGGREGATE, measure)


def windowed(value: Value, window: Value, *, is_aggregate: bool) -> Value:
    """A function over a window: a total that is repeated in many rows can't be summed once more."""
    origins = value.origins | window.origins
    is_repeated = is_aggregate and value.measure in (Measure.COUNT, Measure.SUM, Measure.DISTINCT)
    measure = Measure.OTHER if is_repeated else value.measure
    is_aggregate = is_aggregate or Derivation.AGGREGATE in (value.derivation, window.derivation)
    derivation = Derivation.AGGREGATE if is_aggregate else Derivation.TRANSFORMATION
    is_path = value.is_path and origins == value.origins
    return value._replace(origins=origins, derivation=derivation, measure=measure, is_path=is_path)
