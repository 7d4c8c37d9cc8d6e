"""Types of expressions, where a correction depends on them: from the columns of tables, by sqlglot's inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import TypeAnnotator, annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from aggregator.core.names import TableName

Schemas = Mapping[TableName, Mapping[str, str]]
"""The columns of tables, by their types on BigQuery."""

_MOMENTS = frozenset(exp.DataType.TEMPORAL_TYPES)
_INTERVAL = exp.DataType.Type.INTERVAL


def _arithmetic(inference: TypeAnnotator, node: exp.Binary) -> exp.Expr:
    """What sqlglot does not know of INTERVAL: two moments differ by one, and it comes of itself and a number."""
    kinds = kind_of(node.this), kind_of(node.expression)
    moments = [kind in _MOMENTS for kind in kinds]
    if (isinstance(node, exp.Sub) and all(moments)) or (_INTERVAL in kinds and not any(moments)):
        node._type = exp.DataType(this=_INTERVAL)  # noqa: SLF001  (the setter parses)
        return node
    annotator = BigQuery.EXPRESSION_METADATA[type(node)]["annotator"]
    found: exp.Expr = annotator(inference, node)
    return found


_METADATA = BigQuery.EXPRESSION_METADATA | {
    kind: {"annotator": _arithmetic} for kind in (exp.Add, exp.Sub, exp.Mul, exp.Div)
}
_CANT_FOLLOW = (SqlglotError, RecursionError, AttributeError, KeyError, IndexError, TypeError, ValueError)
_NUMERIC = frozenset({exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL})
_EXACT = _NUMERIC | frozenset(exp.DataType.SIGNED_INTEGER_TYPES)


def tell_types(tree: exp.Expr, again: Callable[[], exp.Expr], schemas: Schemas) -> None:
    """Let the nodes of a tree know their types, as far as they can be told.

    The same tree is read ``again``, which is quicker than copying it, and qualified, because sqlglot infers nothing
    before; what it makes of each node is told to the original.
    """
    copy = again()
    kept = list(copy.walk())
    nodes = list(tree.walk())
    for node in (*kept, *nodes):
        node._meta = None  # noqa: SLF001  (places in the text, which take long to copy, and which nobody asks for)
    originals = {id(mine): original for mine, original in zip(kept, nodes, strict=True)}
    for table in copy.find_all(exp.Table):
        table.set("catalog", None)  # a trial's, or a warehouse's: names of tables are told apart without it
    schema = MappingSchema(dialect="bigquery")
    try:
        for name, columns in schemas.items():
            schema.add_table(exp.table_(name.table, db=name.dataset), dict(columns), dialect="bigquery")
        qualified = qualify(
            copy,
            dialect="bigquery",
            schema=schema,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        annotate_types(qualified, schema=schema, dialect="bigquery", expression_metadata=_METADATA)
        _tell_parts_of_json(qualified)
    except _CANT_FOLLOW:
        return
    for node in kept:
        original = originals[id(node)]
        if isinstance(node.type, exp.DataType):
            original._type = node.type  # noqa: SLF001  (the setter parses)
        part, inner = node.args.get("this"), original.args.get("this")
        if isinstance(part, exp.Dot) and isinstance(inner, exp.Column) and isinstance(part.type, exp.DataType):
            inner._type = part.type  # noqa: SLF001  (a column of a column, which is a field since)


def _tell_parts_of_json(tree: exp.Expr) -> None:
    """A part of JSON is JSON."""
    for node in reversed(list(tree.find_all(exp.Dot, exp.Bracket))):
        if kind_of(node.this) is exp.DataType.Type.JSON:
            node._type = node.this.type  # noqa: SLF001


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
