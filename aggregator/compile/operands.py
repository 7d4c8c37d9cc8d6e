"""Operands whose types can't be what an operator wants, where both are known for certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.types import BOOL, Type, common, known_type
from aggregator.compile.nodes import name_of
from aggregator.compile.rows import advice_for
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_NUMERIC = frozenset({"INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64", "INTERVAL"})
_MADE_OF_OTHERS = frozenset({exp.DType.ARRAY, exp.DType.JSON, exp.DType.STRUCT, exp.DType.GEOGRAPHY})
_NEVER_EQUAL = {"ARRAY": "arrays", "JSON": "values of type JSON", "GEOGRAPHY": "values of type GEOGRAPHY"}
_UNKNOWN = exp.DType.UNKNOWN
_DAYS = frozenset({"DATE", "DATETIME"})
"""A DATE is turned into a DATETIME where it meets one; a TIMESTAMP meets neither."""


def operand_problems(analysis: Analysis) -> Iterator[Diagnostic]:
    """Conditions that are no truth values, sums of what is no number, comparisons of what can't be compared."""
    for clause in analysis.nodes.of(exp.Where, exp.Having, exp.Qualify):
        type_ = known_type(clause.this) if clause.this.type is not BOOL.data else None
        if type_ is not None and type_.name != "BOOL":
            message = f"{clause.key.upper()} needs a condition, and this is {type_.text}"
            yield _finding(analysis, clause.this, message, "compare it with something")
    yield from _aggregated(analysis)
    for pivot in analysis.nodes.of(exp.Pivot):
        yield from _turned(analysis, pivot)
    for comparison in analysis.nodes.of(*_COMPARISONS):
        left, right = comparison.this, comparison.expression
        clash = _clash(left, right)
        if clash:
            message = f"{clash[0].text} can't be compared with {clash[1].text}"
            yield _finding(
                analysis, comparison, message, f"CAST one of them, or write a literal of type {clash[0].name}"
            )
        elif left.type is not None and left.type.this in _MADE_OF_OTHERS:
            yield from _incomparable(analysis, comparison)
    for union in analysis.nodes.of(exp.SetOperation):
        yield from _united(analysis, union)


def _aggregated(analysis: Analysis) -> Iterator[Diagnostic]:
    for aggregate in analysis.nodes.of(exp.Sum, exp.Avg):
        summed = aggregate.this.expressions[0] if isinstance(aggregate.this, exp.Distinct) else aggregate.this
        type_ = known_type(summed)
        if type_ is not None and type_.name not in _NUMERIC:
            message = f"{name_of(aggregate)} needs numbers, and this is {type_.text}"
            yield _finding(analysis, aggregate, message, "COUNTIF counts conditions; CAST makes numbers of texts")


def _turned(analysis: Analysis, pivot: exp.Expr) -> Iterator[Diagnostic]:
    """Columns of an UNPIVOT that become one, and are of several types."""
    if not pivot.args.get("unpivot"):
        return
    items = [
        each.this if isinstance(each, exp.PivotAlias) else each
        for field in pivot.args["fields"]
        for each in field.expressions
    ]
    rows = [item.expressions if isinstance(item, exp.Tuple) else [item] for item in items]
    for first, *others in zip(*rows, strict=False):
        expected = known_type(first)
        for other in others:
            found = known_type(other)
            if expected is not None and found is not None and found.plain != expected.plain:
                message = f"UNPIVOT makes one column of these, and this is {found.text} beside {expected.text}"
                yield _finding(analysis, other, message, "CAST them in a subquery before")


def _incomparable(analysis: Analysis, comparison: exp.Expr) -> Iterator[Diagnostic]:
    """A comparison of values that have no order, or are neither equal nor unequal."""
    type_ = known_type(comparison.this)
    if type_ is None:
        return
    inside = _without_equality(type_)
    if inside:
        what = inside if type_.name != "STRUCT" else f"structs with {inside} in them"
        yield _finding(analysis, comparison, f"{what} can't be compared", "compare TO_JSON_STRING of both")
    elif type_.name == "STRUCT" and not isinstance(comparison, (exp.EQ, exp.NEQ)):
        yield _finding(analysis, comparison, "structs have no order", "compare their fields")


def _without_equality(type_: Type) -> str:
    """What is in a type that can't be compared; nothing if it can."""
    if type_.name in _NEVER_EQUAL:
        return _NEVER_EQUAL[type_.name]
    return next(filter(None, (_without_equality(each) for _, each in type_.fields if each is not None)), "")


def _united(analysis: Analysis, union: exp.SetOperation) -> Iterator[Diagnostic]:
    """Columns of the two sides that have no type in common."""
    sides = [side.selects if isinstance(side, exp.Query) else [] for side in (union.this, union.expression)]
    is_by_position = not union.args.get("by_name") and len(sides[0]) == len(sides[1])
    if not is_by_position or any(item.is_star for side in sides for item in side):
        return
    for number, (left, right) in enumerate(zip(*sides, strict=True), start=1):
        clash = _clash(left.unalias(), right.unalias())
        if clash:
            message = f"column {number} is {clash[0].text} on one side of the {union.key.upper()}, {clash[1].text} here"
            is_written = any("start" in part.meta for part in right.walk())  # not put there by a star
            node = right if is_written else union.expression
            yield _finding(analysis, node, message, "CAST one of them, and look whether the columns are in order")


def _clash(left: exp.Expr, right: exp.Expr) -> tuple[Type, Type] | None:
    """The types of two expressions that have to have one in common, if they have none."""
    if left.type is right.type:  # types are shared, so that this is the usual case
        return None
    a, b = known_type(left), known_type(right)
    if a is None or b is None or {a.name, b.name} <= _DAYS or any(each.fields or each.element for each in (a, b)):
        return None
    is_one = common([(a, isinstance(left, exp.Literal)), (b, isinstance(right, exp.Literal))]) is not None
    return None if is_one else (a, b)


def _finding(analysis: Analysis, node: exp.Expr, message: str, advice: str) -> Diagnostic:
    return Diagnostic(analysis.query.place_of(node), codes.OPERANDS, message, advice_for(node, advice))
