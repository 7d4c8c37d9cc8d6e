"""The nodes of a tree by type."""

from __future__ import annotations

import collections
import functools
from collections.abc import Iterator, Mapping
from typing import TypeVar

from sqlglot import exp

E = TypeVar("E", bound=exp.Expr)
_LEAVES = frozenset({exp.Identifier, exp.Literal, exp.Var, exp.Boolean, exp.Null})


class Nodes:
    """The nodes of a tree by type: the tree is walked once for all who look for something, not once for each."""

    def __init__(self, tree: exp.Expr | None) -> None:
        by_type: dict[type[exp.Expr], list[exp.Expr]] = collections.defaultdict(list)
        waiting = [tree] if tree is not None else []
        while waiting:  # by hand, as much time is spent here: a third faster than tree.walk()
            node = waiting.pop()
            kind = type(node)
            by_type[kind].append(node)
            if kind not in _LEAVES:
                for value in node.args.values():
                    if isinstance(value, exp.Expr):
                        waiting.append(value)
                    elif type(value) is list:
                        waiting.extend(item for item in value if isinstance(item, exp.Expr))
        self._by_type = dict(by_type)
        self._kinds: dict[type[exp.Expr], tuple[type[exp.Expr], ...]] = {}

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

        Parents and children hold each other, so it would wait for the garbage collector, which costs much more.
        """
        for nodes in self._by_type.values():
            for node in nodes:
                node.parent = None

    def of(self, *types: type[E]) -> Iterator[E]:
        """The nodes of these types and of the types below them; of each type, parents before children."""
        for wanted in types:
            kinds = self._kinds.get(wanted)
            if kinds is None:
                kinds = tuple(kind for kind in self._by_type if issubclass(kind, wanted))
                self._kinds[wanted] = kinds
            for kind in kinds:
                yield from self._by_type[kind]  # type: ignore[misc]  # (all of them are of a type below E)


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The conditions that all have to hold for a condition to hold."""
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition
