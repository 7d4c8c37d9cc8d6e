"""Types of expressions, where a correction depends on them: from those of columns, as the compile stage infers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from aggregator.compile.analysis import tell_types_of
from aggregator.compile.nodes import copy_of
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName
from aggregator.engines.duckdb.trees import walked

Schemas = Mapping[TableName, Mapping[str, str]]
"""The columns of tables, by their types on BigQuery; the type of one may be empty, as it is not known."""

_NUMERIC = frozenset({exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL})
_EXACT = _NUMERIC | frozenset(exp.DataType.SIGNED_INTEGER_TYPES)


def tell_types(nodes: Sequence[exp.Expr], sql: str, schemas: Schemas) -> None:
    """Let the nodes of a tree, as :func:`walked` gives them, know their types, as far as they can be told.

    A copy is qualified on the way; what is found of each of its nodes is told to the original.
    """
    copy = copy_of(nodes[0])
    kept = walked(copy)
    columns = {name: tuple(map(OutputColumn, each, each.values())) for name, each in schemas.items()}
    tell_types_of(copy, sql, columns)
    for mine, original in zip(kept, nodes, strict=True):
        original._type = mine._type  # noqa: SLF001  (the setter parses)


def kind_of(node: exp.Expr | None) -> exp.DType | None:
    """The type of an expression without its parts; None if it is not known."""
    data = node.type if node is not None else None
    if not isinstance(data, exp.DataType) or data.this is exp.DataType.Type.UNKNOWN:
        return None
    kind: exp.DType = data.this
    return kind


def is_numeric(*nodes: exp.Expr) -> bool:
    """Whether what comes of these is NUMERIC or BIGNUMERIC: one of them is, and the others are that, or INT64."""
    kinds = [kind_of(node) for node in nodes]
    return any(kind in _NUMERIC for kind in kinds) and all(kind in _EXACT for kind in kinds)
