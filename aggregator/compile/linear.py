"""Numbers that add up although they are more than a total: ``2 * SUM(x)``, ``COUNT(*) - COUNT(x)``."""

from __future__ import annotations

from sqlglot import exp

TOTALS = (exp.Count, exp.CountIf, exp.Sum)
"""Aggregates that are made from themselves by adding them up."""


def is_linear(node: exp.Expr) -> bool:
    """Whether a number is a sum of totals times constants, and so adds up like them."""
    if isinstance(node, TOTALS):
        return not isinstance(node.this, exp.Distinct)
    if isinstance(node, (exp.Paren, exp.Neg)):
        return is_linear(node.this)
    if isinstance(node, exp.Coalesce):
        return is_linear(node.this) and all(map(_is_zero, node.expressions))
    if isinstance(node, (exp.Add, exp.Sub)):
        sides = (node.this, node.expression)
        return all(is_linear(side) and is_never_null(side) for side in sides)
    if isinstance(node, exp.Mul):
        one, other = node.this, node.expression
        return (is_linear(one) and _is_constant(other)) or (_is_constant(one) and is_linear(other))
    return isinstance(node, exp.Div) and is_linear(node.this) and _is_constant(node.expression)


def is_never_null(node: exp.Expr) -> bool:
    """Whether a total is a number for every group: a sum of nothing but NULL is NULL, and so is what it is added to."""
    if isinstance(node, (exp.Count, exp.CountIf)):
        return True
    if isinstance(node, exp.Sum):
        return _is_number(node.this)
    if isinstance(node, exp.Coalesce):
        return any(map(_is_number, node.expressions)) or any(map(is_never_null, (node.this, *node.expressions)))
    if isinstance(node, (exp.Paren, exp.Neg)):
        return is_never_null(node.this)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return all(_is_constant(side) or is_never_null(side) for side in (node.this, node.expression))
    return isinstance(node, exp.Div) and is_never_null(node.this) and _is_constant(node.expression)


def _is_number(node: exp.Expr | None) -> bool:
    """Whether what is added up is a number in every row: a literal, or one of several."""
    if isinstance(node, exp.If):
        return _is_number(node.args.get("true")) and _is_number(node.args.get("false"))
    if isinstance(node, exp.Case):
        results = [*(branch.args.get("true") for branch in node.args["ifs"]), node.args.get("default")]
        return all(map(_is_number, results))
    return isinstance(node, exp.Literal) and not node.is_string


def _is_constant(node: exp.Expr) -> bool:
    """Whether an expression is put together from literals."""
    if isinstance(node, (exp.Paren, exp.Neg, exp.Cast)):
        return _is_constant(node.this)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
        return _is_constant(node.this) and _is_constant(node.expression)
    return isinstance(node, exp.Literal) and not node.is_string


def _is_zero(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) == 0
