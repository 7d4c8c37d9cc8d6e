"""FLOAT64 that overflows: an error to BigQuery, and infinity to DuckDB, which goes on with it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.failures import failing
from aggregator.engines.duckdb.trees import call, cast, is_pivoted

_MOST = "1.7976931348623157e308"
_TOO_GREAT, _BY_ZERO = failing("'double overflow'", "DOUBLE"), failing("'division by zero'", "DOUBLE")
_IN_RANGE = f"x BETWEEN -{_MOST} AND {_MOST}"

MACROS = (
    # What was beyond on the way stays so to the end, so only the end is looked at. ``zero`` is 0 if all that x is
    # made from is finite.
    f"_finite(x, zero) AS CASE WHEN {_IN_RANGE} THEN x WHEN x IS NOT NULL AND zero = 0 THEN {_TOO_GREAT} ELSE x END",
    (
        f"_finite_ratio(x, by_zero, zero) AS CASE WHEN {_IN_RANGE} THEN x WHEN by_zero THEN {_BY_ZERO}"
        f" WHEN x IS NOT NULL AND zero = 0 THEN {_TOO_GREAT} ELSE x END"
    ),
    f"_finite_or_null(x, zero) AS CASE WHEN {_IN_RANGE} THEN x WHEN zero = 0 THEN NULL ELSE x END",
    f"_finite_total(x) AS CASE WHEN isinf(x) THEN {_TOO_GREAT} ELSE x END",
    f"_sinh(x) AS CASE WHEN isinf(sinh(x)) AND isfinite(x) THEN {_TOO_GREAT} ELSE sinh(x) END",
    f"_cosh(x) AS CASE WHEN isinf(cosh(x)) AND isfinite(x) THEN {_TOO_GREAT} ELSE cosh(x) END",
)
"""Functions that the rewritten SQL calls."""

_FLOAT = exp.DataType.Type.DOUBLE
_BITS: dict[exp.DType, float] = {
    **dict.fromkeys(exp.DataType.SIGNED_INTEGER_TYPES, 63),
    exp.DataType.Type.DECIMAL: 97,
    exp.DataType.Type.BIGDECIMAL: 129,
}
"""By type: the values are below this power of two."""

_LARGEST = 1023
_LOST = 960  # what is added to the greatest number, and below this power of two, does not change it
_SUMS, _OPERATORS = (exp.Add, exp.Sub), (exp.Add, exp.Sub, exp.Mul, exp.Div)
_AROUND = (exp.Paren, exp.Neg)
_KEEPING = (exp.Abs, exp.Avg, exp.Ceil, exp.Floor, exp.Max, exp.Min, exp.Round)


def arithmetic(node: exp.Expr) -> exp.Expr:
    """A calculation with FLOAT64 that overflows is an error: the whole of it is looked at once, at its end."""
    if kind_of(node) is not _FLOAT or _is_part(node):
        return node
    ratios = [each for each in _ratios(node) if _may_be_zero(each.expression)]
    if not ratios and not _may_overflow(node):
        return node
    zero = _nothing_of(*_parts(node))
    if not ratios:
        return call("_finite", node, zero)
    return call("_finite_ratio", node, exp.or_(*map(_is_by_zero, ratios)), zero)


def is_calculated(node: exp.Expr) -> bool:
    """Whether a division is one of FLOAT64, or part of a calculation with them; others can't overflow."""
    if kind_of(node) is not _FLOAT:
        return False
    return _FLOAT in (kind_of(node.this), kind_of(node.expression)) or _is_part(node)


def or_null(node: exp.Expr) -> exp.Expr:
    """SAFE_ADD and its kin, and SAFE_DIVIDE: NULL where FLOAT64 overflows."""
    one, other = node.this, node.expression
    if _FLOAT not in (kind_of(one), kind_of(other)):
        return node
    zero = _nothing_of(one, other)
    if isinstance(node, exp.SafeDivide):
        value: exp.Expr = exp.SafeDivide(this=cast(one, "DOUBLE"), expression=cast(other, "DOUBLE"))
    else:
        value = _SAFE[type(node)](this=exp.paren(one), expression=exp.paren(other))
    return call("_finite_or_null", value, zero)


_SAFE: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.SafeAdd: exp.Add,
    exp.SafeSubtract: exp.Sub,
    exp.SafeMultiply: exp.Mul,
}


def total(node: exp.Expr) -> exp.Expr:
    """SUM and AVG of FLOAT64: infinity is an error, also where it is the sum of infinities, which can't be told.

    SUM of INT64 is one, and an error beyond; DuckDB's has twice as many bits.
    """
    aggregate = node.this if isinstance(node, exp.Window) else node
    if not isinstance(aggregate, (exp.Sum, exp.Avg)) or isinstance(node.parent, (exp.Window, exp.Filter)):
        return node
    kind = kind_of(_argument(aggregate))
    if is_pivoted(node):
        return node
    if isinstance(aggregate, exp.Sum) and kind in exp.DataType.SIGNED_INTEGER_TYPES:
        return cast(node, "BIGINT")
    return call("_finite_total", node) if kind is _FLOAT and _bits(aggregate.this) >= _LOST else node


def _argument(aggregate: exp.Expr) -> exp.Expr:
    inner: exp.Expr = aggregate.this
    inner = inner.expressions[0] if isinstance(inner, exp.Distinct) else inner
    is_averaged = isinstance(inner, exp.Anonymous) and inner.name == "_averaged"
    return inner.expressions[0] if is_averaged else inner


def _is_part(node: exp.Expr) -> bool:
    """Whether this is a part of a larger calculation, and not what something is divided by."""
    while isinstance(node.parent, _AROUND):
        node = node.parent
    outer = node.parent
    if not isinstance(outer, _OPERATORS) or kind_of(outer) is not _FLOAT:
        return False
    return not isinstance(outer, exp.Div) or node.arg_key == "this"


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """What a calculation is made from."""
    if isinstance(node, _AROUND):
        yield from _parts(node.this)
    elif isinstance(node, _OPERATORS) and kind_of(node) is _FLOAT:
        yield from _parts(node.this)
        yield from _parts(node.expression)
    else:
        yield node


def _ratios(node: exp.Expr) -> Iterator[exp.Expr]:
    """The divisions in a calculation, but those in what is divided by."""
    if isinstance(node, _AROUND):
        yield from _ratios(node.this)
    elif isinstance(node, _OPERATORS) and kind_of(node) is _FLOAT:
        yield from _ratios(node.this)
        if isinstance(node, exp.Div):
            yield node
        else:
            yield from _ratios(node.expression)


def _nothing_of(*parts: exp.Expr) -> exp.Expr:
    """0 if all of these are finite, or NULL; NaN if one is not."""
    found: exp.Expr = exp.Literal.number(0)
    for each in parts:
        if _bits(each) == math.inf:
            found = exp.Add(this=found, expression=exp.Mul(this=exp.paren(each.copy()), expression=exp.convert(0)))
    return found


def _may_be_zero(divisor: exp.Expr) -> bool:
    inner = divisor.unnest() if isinstance(divisor, exp.Paren) else divisor
    return _bits(inner) <= 0 or not _is_written(inner)


def _is_written(node: exp.Expr) -> bool:
    return isinstance(node.this if isinstance(node, exp.Cast) else node, exp.Literal)


def _is_by_zero(ratio: exp.Expr) -> exp.Expr:
    is_zero = exp.EQ(this=exp.paren(ratio.expression.copy()), expression=exp.convert(0))
    is_known = exp.Not(this=exp.Is(this=exp.paren(ratio.this.copy()), expression=exp.null()))
    return exp.paren(exp.and_(is_zero, is_known))


def _may_overflow(node: exp.Expr) -> bool:
    if isinstance(node, _AROUND):
        return _may_overflow(node.this)
    if not isinstance(node, _OPERATORS) or kind_of(node) is not _FLOAT:
        return False
    sizes = _bits(node.this), _bits(node.expression)
    if isinstance(node, exp.Div):
        return _may_overflow(node.this) or _bits(node) > _LARGEST
    if _may_overflow(node.this) or _may_overflow(node.expression):
        return True
    if isinstance(node, _SUMS):
        return min(sizes) > _LOST
    return min(sizes) > 0 and sum(sizes) > _LARGEST


def _bits(node: exp.Expr) -> float:
    """The power of two that the absolute value of an expression is at most; infinity where it is not known."""
    if isinstance(node, (*_AROUND, exp.Cast)) or (isinstance(node, _KEEPING) and node.args.get("this")):
        return _bits(node.this) + isinstance(node, exp.Round)
    if isinstance(node, exp.Literal):
        return _bits_of_text(node.name)
    if isinstance(node, exp.Anonymous) and node.name in ("_averaged", "_divide"):
        return _bits(node.expressions[0]) if _is_whole(node.expressions[-1]) else math.inf
    kind = kind_of(node)
    if kind is _FLOAT and isinstance(node, _OPERATORS):
        return _bits_of_calculation(node)
    return math.inf if kind is None else _BITS.get(kind, math.inf)


def _bits_of_calculation(node: exp.Binary) -> float:
    one, other = _bits(node.this), _bits(node.expression)
    if isinstance(node, _SUMS):
        return max(one, other) + 1
    if isinstance(node, exp.Mul):
        return one + other
    return one if _is_whole(node.expression) else math.inf


def _is_whole(node: exp.Expr) -> bool:
    """Whether a value is an INT64: what is divided by it gets no greater."""
    inner = node.this if isinstance(node, (exp.Cast, exp.Paren)) else node
    return kind_of(inner) in exp.DataType.SIGNED_INTEGER_TYPES


def _bits_of_text(number: str) -> float:
    try:
        value = abs(float(number))
    except ValueError:
        return math.inf
    return math.log2(value) if value else -math.inf
