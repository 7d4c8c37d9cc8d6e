"""STRUCTs that are written out, compared: NULL in a field makes the answer NULL, unless another field differs."""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.protocol import QueryError

_WRITTEN = (exp.Tuple, exp.Struct)


def equal(node: exp.Expr) -> exp.Expr:
    """STRUCTs that are written out are compared field by field; DuckDB takes NULL for a value there."""
    if not isinstance(node.this, _WRITTEN) and not isinstance(node.expression, _WRITTEN):
        return node
    same = _same(node.this, node.expression)
    return exp.paren(exp.Not(this=same)) if isinstance(node, exp.NEQ) else same


def among(node: exp.Expr) -> exp.Expr:
    """STRUCTs that are written out are compared field by field; DuckDB takes NULL for a value there."""
    if not isinstance(node.this, _WRITTEN):
        return node
    if node.args.get("query") or node.args.get("unnest") or not node.expressions:
        raise QueryError("a STRUCT IN (SELECT …) is not translated for the embedded engine; EXISTS is")
    return exp.paren(exp.or_(*(_same(node.this, each) for each in node.expressions)))


def _same(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    fields = [_fields(each) for each in (one, other)]
    if len(fields[0]) != len(fields[1]):
        raise QueryError("STRUCTs of different sizes can't be compared")
    pairs = zip(*fields, strict=True)
    return exp.paren(exp.and_(*(exp.EQ(this=left.copy(), expression=right.copy()) for left, right in pairs)))


def _fields(node: exp.Expr) -> list[exp.Expr]:
    inner = node.unnest() if isinstance(node, exp.Paren) else node
    if not isinstance(inner, _WRITTEN):
        raise QueryError("a STRUCT that is not written out is not compared by the embedded engine; compare its fields")
    return [each.expression if isinstance(each, exp.PropertyEQ) else each.unalias() for each in inner.expressions]
