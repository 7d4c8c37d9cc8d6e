"""Queries without the functions that an engine lacks: what is not made from them can still be compared."""

from __future__ import annotations

import dataclasses

from sqlglot import exp

from aggregator.compile.parse import DIALECT
from aggregator.compile.pipes import tree_of


@dataclasses.dataclass(frozen=True)
class Without:
    """A query that does not call a function; ``columns``, in lower case, are those made from its results: NULL."""

    sql: str
    columns: frozenset[str]


def without(sql: str, function: str) -> Without | None:
    """The query without a function; None where rows depend on its results, and not only columns.

    Columns are told apart by their names alone, so that too many are left out rather than too few.
    """
    tree = tree_of(sql)
    calls = [node for node in tree.find_all(exp.Func, exp.Dot) if _name(node) == function]
    items: dict[int, exp.Expr] = {}
    made: set[str] = set()
    nodes: list[exp.Expr] = list(calls)
    while nodes:
        item = _item(nodes.pop())
        if item is None or not item.alias_or_name:
            return None
        items[id(item)] = item
        name = item.alias_or_name.casefold()
        if name not in made:
            made.add(name)
            nodes += [each for each in tree.find_all(exp.Column) if each.name.casefold() == name]
    for item in items.values():
        item.replace(exp.alias_(exp.null(), item.alias_or_name))
    return Without(tree.sql(DIALECT), frozenset(made)) if calls else None


def _name(node: exp.Expr) -> str:
    return node.sql(DIALECT, normalize_functions="upper").partition("(")[0]


def _item(node: exp.Expr) -> exp.Expr | None:
    """The item of a SELECT list in which a node stands, all the way up; None where it decides over rows."""
    item = None
    while node.parent is not None:
        if isinstance(node.parent, exp.Select):
            if node.arg_key != "expressions":
                return None
            item = item or node
        node = node.parent
        if isinstance(node, (exp.CTE, exp.From, exp.Join)):
            return item
    return item
