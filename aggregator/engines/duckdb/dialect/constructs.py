"""What a SELECT is made of: its functions, operators and clauses, each with the types that it is used on."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Iterator
from typing import Any

from sqlglot import exp

from aggregator.compile.nodes import Nodes
from aggregator.engines.duckdb.dialect import cast_formats, elements, formats, patterns

_LEAVES = (exp.Identifier, exp.Boolean, exp.Null, exp.Parameter, exp.Var, exp.JSONPathPart)
_COMMON = frozenset({exp.Identifier, exp.Column, exp.TableAlias, exp.Var, exp.Null, exp.Boolean})
"""What most nodes are, and none of them can differ."""

_PLAIN = (exp.Alias, exp.Paren, exp.Column, exp.Ordered, exp.Order, exp.Star, exp.Dot, exp.PropertyEQ)
"""Nodes that compute nothing by themselves: on which types they are used does not matter."""

_NOT_FLAGS = frozenset(
    {"this", "alias", "quoted", "nested", "is_string", "big_int", "with_tz", "charset", "default_year"}
)
_TYPED = (exp.Func, exp.Binary, exp.Unary, exp.Between, exp.In, exp.Bracket)
_CLAUSES = (exp.Distinct, exp.Order, exp.Limit, exp.Ordered, exp.HavingMax)
"""They stand around an argument: what counts is the type of what is in them."""

_DEEP = frozenset({exp.Anonymous, exp.Format, exp.HavingMax, exp.RawString, *patterns.SEARCHING})
_UNTOLD = "more than its type"

_OPERATORS = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Mod,
    exp.IntDiv,
    exp.SafeDivide,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
)


@dataclasses.dataclass(frozen=True)
class Construct:
    """A construct where it is used. ``name`` tells all variants apart; ``types`` are those of what it is used on."""

    name: str
    types: tuple[str, ...]
    node: exp.Expr


def constructs(nodes: Nodes) -> Iterator[Construct]:
    """All constructs of a tree whose nodes know their types."""
    for node in telling(nodes):
        yield from constructs_of(node)


def telling(nodes: Nodes) -> list[exp.Expr]:
    """The nodes of a tree that are constructs: two thirds of all nodes are names, and can't differ."""
    kinds = {kind for kind in nodes.kinds if kind not in _COMMON and not issubclass(kind, _LEAVES)}
    return [node for node in nodes.in_order if type(node) in kinds]


def _kind(node: exp.Expr) -> Any:
    """The type of a node, which mypy believes to be no key."""
    return type(node)


def constructs_of(node: exp.Expr) -> Iterator[Construct]:
    """The constructs that one node is: several, if elements of a format are written out."""
    if isinstance(node, (exp.Literal, exp.RawString)):
        yield Construct("number" if node.is_number else "text", (), node)
    elif isinstance(node, exp.DataType):
        yield Construct(f"type {_type_name(node)}", (), node)
    else:
        yield Construct(_name(node), _types(node), node)
        yield from _parts(node)


def shape_of(node: exp.Expr) -> Hashable | None:
    """Two nodes of one shape are the same constructs. It is had much quicker than their names are.

    None where constructs depend on more than a node and the types of its arguments.
    """
    kind = _kind(node)
    if kind is exp.Literal:
        return kind, node.is_number
    if kind is exp.Alias:  # a fifth of all nodes
        return kind
    if kind in _DEEP or "format" in node.args:
        return None
    shape: list[Hashable] = [kind]
    typed = _is_typed(kind)
    for key, value in node.args.items():
        if value is None or value is False:
            continue
        if isinstance(value, exp.Expr):
            shape += (key, _shape_of_argument(value, key) if typed or key == "unit" else _shape_of_child(value))
        elif type(value) is not list:
            shape += (key, value)
        elif typed:
            shape += (key, *[_shape_of_argument(each, key) for each in value])
    return None if _UNTOLD in shape else tuple(shape)


def _shape_of_child(node: exp.Expr) -> Hashable:
    """Of an argument of what is no construct on types."""
    kind = _kind(node)
    return (kind, node.name) if kind is exp.Var else kind


def _shape_of_argument(node: exp.Expr, key: str) -> Hashable:
    kind = type(node)
    if kind is exp.Var:
        return kind, node.name
    if key == "unit" or kind in _CLAUSES:
        return _UNTOLD
    data = node if kind is exp.DataType else node.type
    return kind, data.this if isinstance(data, exp.DataType) else None


@functools.cache
def _is_typed(kind: type) -> bool:
    return issubclass(kind, _TYPED) and not issubclass(kind, _PLAIN)


def _name(node: exp.Expr) -> str:
    """The kind of node, with all that makes it another variant: words, flags and units."""
    words = [node.name.casefold() if isinstance(node, exp.Anonymous) else node.key]
    if isinstance(node, (exp.Window, exp.SafeFunc, exp.IgnoreNulls, exp.RespectNulls)):
        words.append(node.this.key)
    if isinstance(node, (exp.Cast, exp.TryCast)):
        words.append(_type_name(node.to))
        if isinstance(node.this, exp.Array):
            words.append("literal")  # ARRAY<INT64>[1]
        if node.args.get("format"):
            words.append("format")
    words += _variant(node)
    for key, value in node.args.items():
        if isinstance(value, exp.Var):
            words.append(value.name.upper())
        elif key == "unit" and isinstance(value, exp.Expr):
            words.append(value.sql("bigquery").upper())
        elif key not in _NOT_FLAGS and value and isinstance(value, (str, bool, int)):
            words.append(key if value is True else f"{key}={value}")
    return " ".join(words)


def _variant(node: exp.Expr) -> list[str]:
    """What an argument makes of a construct, beyond its type."""
    if isinstance(node, exp.HavingMax) and node.parent is not None:
        return [node.parent.key]
    options = node.args.get("options") if isinstance(node, exp.JSONFormat) else None
    if options is not None and not (isinstance(options, exp.Boolean) and not options.this):
        return ["options"]
    if isinstance(node, exp.JSONExtract) and isinstance(node.expression, exp.Literal):
        return ["literal"]  # a path that sqlglot does not understand, such as 'lax $.a'
    if isinstance(node, patterns.SEARCHING):
        return list(filter(None, [patterns.variant(node)]))
    return []


def _parts(node: exp.Expr) -> Iterator[Construct]:
    """The elements of a format string that is written out."""
    format_ = node.this if isinstance(node, exp.Format) else node.args.get("format")
    if isinstance(format_, exp.AtTimeZone):
        format_ = format_.this
    if not isinstance(format_, (exp.Literal, exp.RawString)):
        return
    if isinstance(node, (exp.Cast, exp.TryCast)):
        for each in cast_formats.tokens(format_.name):
            yield Construct(f"{_name(node)} element {each}", (), node)
        return
    split = formats.specifiers if isinstance(node, exp.Format) else elements.elements
    for each in split(format_.name):
        if each.startswith("%"):
            yield Construct(f"{node.key} element {each}", (), node)


def _types(node: exp.Expr) -> tuple[str, ...]:
    if not _is_typed(_kind(node)):
        return ()
    found: list[str] = []
    has_unit = "unit" in node.args
    for key, value in node.args.items():
        if has_unit and key == "expression" and isinstance(value, exp.Literal):
            continue  # INTERVAL 1 DAY
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, exp.Expr) and not isinstance(each, (exp.Var, exp.DataType, exp.Identifier, exp.Null)):
                found += _types_of(each)
    names = tuple(dict.fromkeys(found))
    return (" and ".join(sorted(names)),) if isinstance(node, _OPERATORS) and len(names) > 1 else names


def _types_of(node: exp.Expr) -> list[str]:
    """The type of an argument; of a clause around it, such as DISTINCT or ORDER BY, that of what is in it."""
    if isinstance(node, _CLAUSES):
        inner = node.expressions[0] if isinstance(node, exp.Distinct) else node.this
        return _types_of(inner) if isinstance(inner, exp.Expr) else []
    if isinstance(node, (exp.Query, exp.Unnest, exp.JSONPath, exp.Star, exp.If, exp.Where, exp.WindowSpec)):
        return []
    if isinstance(node, exp.Interval):
        return ["INTERVAL"]  # DATE - INTERVAL 1 DAY is another thing than DATE - DATE
    data = node.type
    if not isinstance(data, exp.DataType) or data.this is exp.DType.UNKNOWN:
        return ["?"]
    return [] if data.this is exp.DType.NULL else [_type_name(data)]


def _type_name(data: exp.DataType) -> str:
    return _type_names(data.this) if isinstance(data.this, exp.DType) else data.sql("bigquery").partition("<")[0]


@functools.cache
def _type_names(kind: exp.DType) -> str:
    return exp.DataType(this=kind).sql("bigquery").partition("<")[0]
