"""Which kind of number an expression of a qualified SELECT is: whether it may be aggregated once more."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from aggregator.compile.additivity import named
from aggregator.compile.analysis.aggregates import QUANTILES
from aggregator.compile.analysis.sketches import NAMESPACES
from aggregator.core.graph import Measure
from aggregator.lint.relations import Relations, TableColumn

_TRANSPARENT = (
    *(exp.Paren, exp.Alias, exp.Cast, exp.TryCast, exp.Round, exp.Ceil, exp.Floor, exp.Trunc, exp.Neg, exp.Nullif),
    *(exp.IgnoreNulls, exp.RespectNulls),
)
"""What leaves the kind of number as it is."""

_CONDITIONALS = (exp.Coalesce, exp.If, exp.Case)
_AGGREGATES: dict[type[exp.Expr], Measure] = {
    exp.CountIf: Measure.COUNT,
    exp.Sum: Measure.SUM,
    exp.Min: Measure.EXTREME,
    exp.Max: Measure.EXTREME,
    exp.Avg: Measure.AVERAGE,
    exp.ApproxDistinct: Measure.DISTINCT,
    **dict.fromkeys(QUANTILES, Measure.QUANTILE),
}
_TOTALS = frozenset({Measure.COUNT, Measure.SUM, Measure.DISTINCT})


def measure_of(node: exp.Expr, relations: Relations) -> Measure:
    """The kind of number that an expression gives; NONE for what no aggregate made, OTHER where it is unclear."""
    if id(node) not in relations.measures:
        relations.measures[id(node)] = _measure_of(node, relations)
    return relations.measures[id(node)]


def _measure_of(node: exp.Expr, relations: Relations) -> Measure:
    if isinstance(node, exp.Column):
        return _common(_measure_of_definition(each, relations) for each in relations.definitions(node))
    if isinstance(node, _TRANSPARENT):
        return measure_of(node.this, relations)
    if isinstance(node, _CONDITIONALS):
        return _common(measure_of(branch, relations) for branch in _branches(node))
    if isinstance(node, (exp.Div, exp.SafeDivide)):
        return _measure_of_quotient(node, relations)
    if isinstance(node, exp.Mul):
        return _measure_of_product(node, relations)
    return _measure_of_pick(node, relations)


def _measure_of_pick(node: exp.Expr, relations: Relations) -> Measure:
    """One of several values, of an array of quantiles, of a group, or of the rows of a window; or an aggregate."""
    if not isinstance(node, (exp.Bracket, exp.Window, exp.AnyValue)):
        return _measure_of_sketch(named(node)) or _measure_of_aggregate(node)
    found = measure_of(node.this, relations) if isinstance(node.this, exp.Expr) else Measure.NONE
    if isinstance(node, exp.Bracket):
        return found
    if isinstance(node, exp.Window):
        return found if found is Measure.QUANTILE else Measure.OTHER
    return found or Measure.OTHER


def _measure_of_sketch(name: str) -> Measure:
    if not name.startswith(NAMESPACES):
        return Measure.NONE
    return Measure.DISTINCT if name.startswith("HLL_COUNT.") else Measure.QUANTILE


def _measure_of_aggregate(node: exp.Expr) -> Measure:
    is_distinct = isinstance(node.this, exp.Distinct)
    if isinstance(node, exp.Count):
        return Measure.DISTINCT if is_distinct else Measure.COUNT
    if isinstance(node, (exp.AggFunc, exp.Window, exp.Add, exp.Sub, exp.Subquery)):
        return Measure.OTHER if is_distinct else _AGGREGATES.get(type(node), Measure.OTHER)
    return Measure.NONE


def _measure_of_definition(definition: exp.Expr | TableColumn, relations: Relations) -> Measure:
    return definition.column.measure if isinstance(definition, TableColumn) else measure_of(definition, relations)


def _measure_of_quotient(node: exp.Expr, relations: Relations) -> Measure:
    if _is_constant(node.expression):  # another unit: seconds to hours
        return measure_of(node.this, relations)
    kinds = {measure_of(node.this, relations), measure_of(node.expression, relations)}
    return Measure.RATIO if kinds <= _TOTALS else Measure.NONE if kinds == {Measure.NONE} else Measure.OTHER


def _measure_of_product(node: exp.Mul, relations: Relations) -> Measure:
    """A number in another unit; with a weight, a ratio becomes a number that adds up."""
    sides = [side for side in (node.this, node.expression) if not _is_constant(side)]
    return measure_of(sides[0], relations) if len(sides) == 1 else Measure.OTHER


def _branches(node: exp.Expr) -> list[exp.Expr]:
    """The values that a conditional may give, constants left out."""
    if isinstance(node, exp.Coalesce):
        found = [node.this, *node.expressions]
    elif isinstance(node, exp.Case):
        found = [*(each.args.get("true") for each in node.args["ifs"]), node.args.get("default")]
    else:
        found = [node.args.get("true"), node.args.get("false")]
    return [each for each in found if each is not None and not _is_constant(each)]


def _is_constant(node: exp.Expr) -> bool:
    return node.find(exp.Column, exp.AggFunc, exp.Query, exp.Window) is None


def _common(kinds: Iterable[Measure]) -> Measure:
    found = set(kinds)
    return found.pop() if len(found) == 1 else Measure.OTHER if found else Measure.NONE
