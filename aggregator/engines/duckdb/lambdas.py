"""Functions of lists that compute an expression for each element."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from aggregator.compile.nodes import copy_of
from aggregator.engines.duckdb.trees import call, one

_PLAIN = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Parameter, exp.Var),
    *(
        exp.And,
        exp.Or,
        exp.IntDiv,
        exp.Pow,
        exp.Unary,
        exp.Between,
        exp.In,
        exp.Lambda,
        exp.Struct,
        exp.Array,
        exp.Bracket,
    ),
    *(exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.ColumnDef, exp.Interval),
    *(exp.If, exp.Case, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.SafeDivide, exp.ArraySize),
    *(exp.Abs, exp.Sign, exp.Round, exp.Floor, exp.Ceil),
    *(exp.Upper, exp.Lower, exp.Trim, exp.Length, exp.Concat, exp.Substring, exp.StartsWith, exp.EndsWith),
    *(
        exp.DateAdd,
        exp.DateSub,
        exp.DateDiff,
        exp.DateTrunc,
        exp.LastDay,
        exp.Extract,
        exp.TimestampAdd,
        exp.TimestampSub,
    ),
)
_LONG_CALLS = frozenset(
    {
        *(
            "list_filter",
            "list_max",
            "list_min",
            "list_sort",
            "list_sum",
            "list_transform",
            "_running_sums",
            "_sorted_set",
        )
    }
)
_PLAIN_CALLS = _LONG_CALLS | {
    *(
        "_bit_count",
        "_divide",
        "_finite",
        "_finite_ratio",
        "_finite_total",
        "_integer",
        "_item",
        "_position",
        "_safe_integer",
        "_shift_left",
        "_shift_right",
    ),
    *("_no_struct", "_week", "date_sub", "len", "list_extract"),
}
"""What gives one value for each element, whatever the others are: no queries, aggregates, windows or chance."""


@dataclass(frozen=True)
class Element:
    """What an expression calls the element of a list: by a name, or by the fields that can stand without one."""

    name: str
    fields: frozenset[str] = frozenset()

    def path(self, column: exp.Column) -> list[exp.Identifier] | None:
        """The fields to follow from the element to what is meant, none for all of it; None if it is no part of it."""
        parts = [part for part in column.parts if isinstance(part, exp.Identifier)]
        first = parts[0].name.casefold() if parts else ""
        if first in self.fields:
            return parts
        return parts[1:] if first and first == self.name.casefold() else None


def is_plain(tree: exp.Expr) -> bool:
    """Whether an expression can stand in a lambda, or beside one."""
    for node in tree.walk():
        is_known_call = isinstance(node, exp.Anonymous) and node.name.casefold() in _PLAIN_CALLS
        if not (is_known_call or _is_plain_kind(_kind(node))):
            return False
    return True


def _kind(node: exp.Expr) -> Any:
    """The type of a node, which mypy believes to be no key."""
    return type(node)


@functools.cache
def _is_plain_kind(kind: Any) -> bool:
    return (issubclass(kind, exp.Binary) and not issubclass(kind, exp.Func)) or issubclass(kind, _PLAIN)


def refers(tree: exp.Expr, element: Element) -> bool:
    """Whether an expression reads the element."""
    return any(element.path(column) is not None for column in tree.find_all(exp.Column))


def bound(tree: exp.Expr, element: Element, target: exp.Expr) -> exp.Expr:
    """An expression that reads the element from somewhere else."""
    holder = exp.Paren(this=copy_of(tree))
    for column in list(holder.find_all(exp.Column)):
        path = element.path(column)
        if path is None:
            continue
        better = copy_of(target)
        for part in path:
            better = exp.Dot(this=better, expression=copy_of(part))
        column.replace(better)
    found: exp.Expr = holder.this
    return found.pop()


def each(function: str, items: exp.Expr, body: exp.Expr, element: Element) -> exp.Expr | None:
    """A function of a list and of a lambda; None where a lambda can't hold the body.

    DuckDB takes a column for what a lambda's parameter is called, and would compute again for each element what does
    not depend on it. So parameters have names of their own, and inner lists without the element come before.
    """
    if not is_plain(body):
        return None
    number = sum(len(list(tree.find_all(exp.Lambda))) for tree in (items, body))
    if function == "list_transform" and isinstance(body, exp.Column) and element.path(body) == []:
        return items
    row, holder = f"_row{number}", exp.Paren(this=copy_of(body))
    given = list(_without(holder, element))
    outer = [copy_of(node) for node in given]
    for index, node in enumerate(given):
        node.replace(exp.column(f"_given{number}_{index}"))
    found = call(function, items, _lambda(row, bound(holder.this, element, exp.column(row))))
    for index, node in enumerate(outer):
        named = _lambda(f"_given{number}_{index}", found)
        found = call("list_extract", call("list_transform", exp.Array(expressions=[node]), named), one())
    return found


def _without(tree: exp.Expr, element: Element) -> Iterator[exp.Expr]:
    """The outermost calls that go through a list without the element; those in a lambda may need its parameter."""
    if isinstance(tree, exp.Lambda):
        return
    is_long = isinstance(tree, exp.Anonymous) and tree.name.casefold() in _LONG_CALLS
    if is_long and not refers(tree, element):
        yield tree
        return
    for child in tree.iter_expressions():
        yield from _without(child, element)


def _lambda(parameter: str, body: exp.Expr) -> exp.Expr:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(parameter)])
