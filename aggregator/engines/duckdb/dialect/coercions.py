"""Texts that are written out where a moment is meant: DuckDB reads them so in most places, and not in these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from aggregator.engines.duckdb.dialect.typing import kind_of

_MOMENTS = frozenset(
    {
        exp.DType.DATE,
        exp.DType.DATETIME,
        exp.DType.TIMESTAMP,
        exp.DType.TIMESTAMPTZ,
        exp.DType.TIME,
    }
)


def read_moments(nodes: Sequence[exp.Expr]) -> bool:
    """Let a tree, whose nodes know their types, cast texts in columns of a UNION and in NULLIF.

    Tells whether nodes of it may be others now.
    """
    found = [pair for node in nodes if isinstance(node, (exp.SetOperation, exp.Nullif)) for pair in _meant(node)]
    for text, data in found:
        better = exp.Cast(this=text.copy(), to=exp.DataType(this=data.this))
        better._type = data  # noqa: SLF001  (the setter parses)
        better.this._type = text._type  # noqa: SLF001
        text.replace(better)
    return bool(found)


def _meant(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.DataType]]:
    if isinstance(node, exp.Nullif):
        yield from _beside([node.this, node.expression])
    elif not isinstance(node.parent, exp.SetOperation) and not node.args.get("by_name"):
        for column in zip(*(each.expressions for each in _selects(node)), strict=False):
            yield from _beside([each.unalias() for each in column])


def _beside(values: Sequence[exp.Expr]) -> Iterator[tuple[exp.Expr, exp.DataType]]:
    """The texts among values of which the others are of one kind of moment, to which a DATE gives way."""
    kinds = {kind for each in values if (kind := kind_of(each)) in _MOMENTS}
    kinds = kinds - {exp.DType.DATE} or kinds
    if len(kinds) == 1:
        data = next(each.type for each in values if kind_of(each) in kinds)
        assert isinstance(data, exp.DataType)  # noqa: S101  (it has a kind)
        yield from ((each, data) for each in values if each.is_string)


def _selects(node: exp.Expr) -> Iterator[exp.Expr]:
    inner = node.unnest()
    if isinstance(inner, exp.SetOperation):
        yield from (*_selects(inner.left), *_selects(inner.right))
    elif isinstance(inner, exp.Select):
        yield inner
