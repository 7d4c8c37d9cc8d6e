"""The nodes of a tree, in order and by type."""

from __future__ import annotations

import collections
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

from sqlglot import exp

E = TypeVar("E", bound=exp.Expr)
LEAVES = frozenset({exp.Identifier, exp.Literal, exp.Var, exp.Boolean, exp.Null})
"""Nodes that hold no others."""

_NAMES = frozenset({exp.Identifier, exp.Var, exp.Boolean})
"""Half of all nodes: they say what others are, and nobody looks for them."""

_PASSED_OVER = _NAMES | {type(None), bool, str}

_CALLED: dict[type[exp.Expr], str] = {
    exp.ApproxDistinct: "APPROX_COUNT_DISTINCT",
    exp.ApproxTopK: "APPROX_TOP_COUNT",
    exp.ArgMax: "MAX_BY",
    exp.ArgMin: "MIN_BY",
    exp.GroupConcat: "STRING_AGG",
}
"""Functions that sqlglot calls by another name than BigQuery."""


def name_of(function: exp.Func) -> str:
    """What a function is called, as its author wrote it where that is known."""
    return str(function.meta.get("bigquery_name") or _CALLED.get(type(function)) or function.sql_name())


class Nodes:
    """The nodes of a tree but for names: it is walked once for all who look for something, not once for each."""

    def __init__(self, tree: exp.Expr | None) -> None:
        self.in_order = _in_order(tree)
        """All of them: parents before children, what is written first before the rest."""
        self._by_type = _by_type(self.in_order)

    def only(self, is_meant: Callable[[exp.Expr], bool]) -> Nodes:
        """Some of the nodes."""
        some = Nodes(None)
        some.in_order = [node for node in self.in_order if is_meant(node)]
        some._by_type = _by_type(some.in_order)
        return some

    @functools.cached_property
    def over_rows(self) -> Mapping[int, list[exp.Expr]]:
        """The aggregates and windows in the list of each SELECT, by its identity; those of subqueries in it, too."""
        found: dict[int, list[exp.Expr]] = {}
        for node in self.of(exp.AggFunc, exp.Window):
            child: exp.Expr = node
            while (parent := child.parent) is not None:
                if child.arg_key == "expressions" and isinstance(parent, exp.Select):
                    found.setdefault(id(parent), []).append(node)
                child = parent
        return found

    def release(self) -> None:
        """Let the tree go with whoever holds it.

        Parents and children hold each other, so it would wait for the garbage collector, which costs much more. Leaves
        hold nobody, and some are not this tree's alone: sqlglot puts one and the same literal into each
        ``REGEXP_EXTRACT_ALL`` without a group.
        """
        for node in self.in_order:
            if type(node) not in LEAVES:
                node.args.clear()

    @property
    def kinds(self) -> Iterable[type[exp.Expr]]:
        """The types that there are."""
        return self._by_type

    def of(self, *types: type[E]) -> Iterator[E]:
        """The nodes of these types and of the types below them, one type after the other."""
        kinds = [kind for wanted in types for kind in self._kinds(wanted)]
        found: Iterator[exp.Expr] = itertools.chain.from_iterable([self._by_type[kind] for kind in kinds])
        return cast("Iterator[E]", found)

    def _kinds(self, wanted: type[exp.Expr]) -> list[type[exp.Expr]]:
        """The types that there are of a type and those below it."""
        below = _types_below(wanted)
        if len(below) == 1:
            return [wanted] if wanted in self._by_type else []
        return [kind for kind in self._by_type if kind in below]


def _in_order(tree: exp.Expr | None) -> list[exp.Expr]:
    """By hand, as much time is spent here: half the time of ``tree.walk()``."""
    found: list[exp.Expr] = []
    waiting = [tree] if tree is not None else []
    while waiting:
        node = waiting.pop()
        found.append(node)
        for value in reversed(node.args.values()):
            kind = type(value)
            if kind in _PASSED_OVER:
                continue
            if kind is list:
                children = reversed(value)
                waiting += [item for item in children if type(item) not in _PASSED_OVER and isinstance(item, exp.Expr)]
            elif isinstance(value, exp.Expr):
                waiting.append(value)
    return found


def _by_type(nodes: list[exp.Expr]) -> dict[type[exp.Expr], list[exp.Expr]]:
    by_type: dict[type[exp.Expr], list[exp.Expr]] = collections.defaultdict(list)
    for node in nodes:
        by_type[type(node)].append(node)
    return dict(by_type)


_below: dict[type, frozenset[type]] = {}


def _types_below(wanted: type) -> frozenset[type]:
    """A type and all below it: to look one up there is a third of the cost of ``issubclass``."""
    found = _below.get(wanted)
    if found is None:
        found = _below[wanted] = frozenset((wanted,)).union(*map(_types_below, wanted.__subclasses__()))
    return found


def copy_of(node: E) -> E:
    """A copy of a tree. Places and types are shared with the original: sqlglot copies them, in five times as long.

    The loops are written out, as there are hundreds of nodes in each model.
    """
    kind = type(node)
    new = kind()
    new._meta, new._type = node._meta, node._type  # noqa: SLF001  (as sqlglot's own copy does)
    if kind in LEAVES:
        new.args = node.args.copy()
        return new
    args = new.args
    for key, child in node.args.items():
        if isinstance(child, exp.Expr):
            args[key] = copied = copy_of(child)
            copied.parent, copied.arg_key = new, key
        elif type(child) is list:
            args[key] = items = []
            for index, item in enumerate(child):
                if isinstance(item, exp.Expr):
                    copied = copy_of(item)
                    copied.parent, copied.arg_key, copied.index = new, key, index
                    items.append(copied)
                else:
                    items.append(item)
        else:
            args[key] = child
    return new


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The conditions that all have to hold for a condition to hold."""
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition
