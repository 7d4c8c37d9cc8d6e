"""Operators on the bits of INT64, which BigQuery shifts and combines as 64 bits without a sign.

DuckDB refuses to shift a bit out, and shifts the sign in from the left.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from aggregator.engines.duckdb.trees import call

MACROS = (
    (
        "_places(n) AS CASE WHEN n < 0 THEN error('bits are shifted by a negative number')"
        " WHEN n > 64 THEN 64 ELSE CAST(n AS INTEGER) END"
    ),
    "_shift_left(x, n) AS CAST(CAST(CAST(x AS BIGINT) AS BIT) << _places(n) AS BIGINT)",
    "_shift_right(x, n) AS CAST(CAST(CAST(x AS BIGINT) AS BIT) >> _places(n) AS BIGINT)",
    "_bit_count(x) AS CAST(bit_count(CAST(x AS BIGINT)) AS BIGINT)",
)
"""Functions that the rewritten SQL calls. A BIT loses what is shifted out of it."""

_CLOSENESS: dict[type[exp.Expr], int] = {
    exp.BitwiseOr: 0,
    exp.BitwiseXor: 1,
    exp.BitwiseAnd: 2,
    exp.BitwiseLeftShift: 3,
    exp.BitwiseRightShift: 3,
}
"""How close each operator binds in BigQuery. To sqlglot and to DuckDB they are equals."""


def shift_left(node: exp.Expr) -> exp.Expr:
    """Bits that are shifted out are lost, by 64 places all of them."""
    return call("_shift_left", node.this, node.expression)


def shift_right(node: exp.Expr) -> exp.Expr:
    """Zeros are shifted in, whatever the sign."""
    return call("_shift_right", node.this, node.expression)


def complement(node: exp.Expr) -> exp.Expr:
    """``~a + 1`` is ``(~a) + 1``; to DuckDB it is ``~(a + 1)``."""
    return node if isinstance(node.parent, exp.Paren) else exp.paren(node, copy=False)


def count(node: exp.Expr) -> exp.Expr:
    """BIT_COUNT counts the 64 bits of an INT64, and is one; DuckDB's takes and gives the smallest integer there is."""
    return call("_bit_count", node.this)


def regroup(nodes: Iterable[exp.Expr]) -> bool:
    """``a | b & c`` is ``a | (b & c)``: put operators that stand in a row together as BigQuery does.

    Tells whether nodes of the tree are others now.
    """
    is_changed = False
    for node in nodes:
        if type(node) in _CLOSENESS and (type(node.parent) not in _CLOSENESS or node.arg_key != "this"):
            operands, operators = _row(node)
            if len({_CLOSENESS[each] for each in operators}) > 1:
                node.replace(_grouped(operands, operators))
                is_changed = True
    return is_changed


def _row(node: exp.Expr) -> tuple[list[exp.Expr], list[type[exp.Expr]]]:
    """Operands and operators from left to right; what stands in parentheses is one operand."""
    if type(node) not in _CLOSENESS:
        return [node], []
    operands, operators = _row(node.this)
    return [*operands, node.expression], [*operators, type(node)]


def _grouped(operands: list[exp.Expr], operators: list[type[exp.Expr]]) -> exp.Expr:
    """The last of the loosest operators comes last."""
    if not operators:
        return operands[0].copy()
    loosest = min(_CLOSENESS[each] for each in operators)
    last = max(index for index, each in enumerate(operators) if _CLOSENESS[each] == loosest)
    left = _grouped(operands[: last + 1], operators[:last])
    right = _grouped(operands[last + 1 :], operators[last + 1 :])
    sides = {"this": left, "expression": right}
    return operators[last](
        **{side: exp.paren(each) if type(each) in _CLOSENESS else each for side, each in sides.items()}
    )
