"""FLOAT64: NaN, which DuckDB takes for the greatest number and equal to itself; variances of great numbers."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call, lambda_

MACROS = (
    "_equal(x, y) AS x = y AND NOT (isnan(x) AND isnan(y))",
    "_unequal(x, y) AS x <> y OR (isnan(x) AND isnan(y))",
    "_less(x, y) AS x < y AND NOT (isnan(y) AND x IS NOT NULL)",
    "_at_most(x, y) AS x <= y AND NOT (isnan(y) AND x IS NOT NULL)",
    "_sign(x) AS CASE WHEN isnan(x) THEN x ELSE sign(x) END",
)
"""Functions that the rewritten SQL calls."""

_FLOAT = exp.DataType.Type.DOUBLE
_COMPARED: dict[type[exp.Expr], tuple[str, bool]] = {
    exp.EQ: ("_equal", False),
    exp.NEQ: ("_unequal", False),
    exp.LT: ("_less", False),
    exp.LTE: ("_at_most", False),
    exp.GT: ("_less", True),
    exp.GTE: ("_at_most", True),
}
"""By operator: the macro, and whether the sides are turned."""


def compared(node: exp.Expr) -> exp.Expr:
    """NaN is neither equal to, less nor greater than anything. What is no float, or written out, is none."""
    name, is_turned = _COMPARED[type(node)]
    one, other = (node.expression, node.this) if is_turned else (node.this, node.expression)
    asked = other if name in ("_less", "_at_most") else one  # DuckDB finds NaN greater than all others
    both = name in ("_equal", "_unequal")
    if not _may_be_nan(asked) or (both and not _may_be_nan(other)):
        return node
    return exp.paren(call(name, one, other))


def _may_be_nan(node: exp.Expr) -> bool:
    inner = node.unnest() if isinstance(node, exp.Paren) else node
    inner = inner.this if isinstance(inner, (exp.Neg, exp.Cast)) else inner
    return kind_of(node) is _FLOAT and not isinstance(inner, exp.Literal)


def among(node: exp.Expr) -> exp.Expr:
    """NaN is not among values, of which one may be NaN."""
    if not _may_be_nan(node.this) or not any(map(_may_be_nan, node.expressions)):
        return node
    return exp.paren(exp.or_(*(_same(node.this, each) for each in node.expressions)))


def case(node: exp.Expr) -> exp.Expr:
    """``CASE x WHEN y`` of NaN."""
    subject, ifs = node.args.get("this"), node.args["ifs"]
    if subject is None or not _may_be_nan(subject) or not any(_may_be_nan(each.this) for each in ifs):
        return node
    searched = [exp.If(this=_same(subject, each.this), true=each.args["true"]) for each in ifs]
    return exp.Case(ifs=searched, default=node.args.get("default"))


def null_if(node: exp.Expr) -> exp.Expr:
    """NULLIF of NaN and NaN is NaN."""
    if not _may_be_nan(node.this) or not _may_be_nan(node.expression):
        return node
    return exp.Case(ifs=[exp.If(this=_same(node.this, node.expression), true=exp.null())], default=node.this)


def sign(node: exp.Expr) -> exp.Expr:
    """SIGN of NaN is NaN."""
    return call("_sign", node.this) if kind_of(node.this) is _FLOAT else node


def _same(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return compared(exp.EQ(this=one.copy(), expression=other.copy()))


def least(node: exp.Expr) -> exp.Expr:
    """LEAST of NaN and others is NaN, as GREATEST is."""
    items = [node.this, *node.expressions]
    if not any(_may_be_nan(each) for each in items):
        return node
    greatest = exp.Greatest(this=node.this.copy(), expressions=[each.copy() for each in node.expressions])
    return _unless_nan(greatest, node.copy())


def minimum(node: exp.Expr) -> exp.Expr:
    """MIN of NaN and others is NaN, as MAX is."""
    if kind_of(node.this) is not _FLOAT or isinstance(node.parent, (exp.Window, exp.Pivot, exp.Filter)):
        return node
    return _unless_nan(exp.Max(this=node.this.copy()), node.copy())


def windowed_minimum(node: exp.Expr) -> exp.Expr:
    """MIN over a window."""
    if not isinstance(node.this, exp.Min) or kind_of(node.this.this) is not _FLOAT:
        return node
    greatest = node.copy()
    greatest.set("this", exp.Max(this=node.this.this.copy()))
    return _unless_nan(greatest, node.copy())


def _unless_nan(greatest: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=call("isnan", greatest), true=greatest.copy())], default=otherwise)


_VARIANCES: dict[type[exp.Expr], str] = {
    exp.Variance: "list_var_samp",
    exp.VariancePop: "list_var_pop",
    exp.Stddev: "list_stddev_samp",
    exp.StddevSamp: "list_stddev_samp",
    exp.StddevPop: "list_stddev_pop",
}


def variance(node: exp.Expr) -> exp.Expr:
    """From what values differ by from one of them: of great numbers DuckDB loses the digits that matter."""
    if isinstance(node.parent, (exp.Window, exp.Pivot, exp.Filter)):
        return node
    item = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    shifted = exp.Sub(this=exp.column("_one"), expression=exp.AnyValue(this=item.copy()))
    return call(
        _VARIANCES[type(node)], call("list_transform", call("list", node.this.copy()), lambda_("_one", shifted))
    )
