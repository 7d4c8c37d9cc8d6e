"""The queries inside a qualified SELECT: what stands in FROM of each, and which of them it can name.

sqlglot has scopes, too. It walks every node to find them; the few nodes that matter are known here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from sqlglot import exp

from aggregator.compile.nodes import Nodes

Source: TypeAlias = "exp.Table | Scope"

_QUERIES = (exp.Select, exp.SetOperation)
_NOT_IN_EXPRESSIONS = (exp.From, exp.Join, exp.CTE, exp.SetOperation, exp.UDTF)
"""What a query belongs to that is found from there; any other is part of an expression."""


class Scope:
    """A query, or an array in FROM, with what the names in it stand for.

    ``expression`` is without the parentheses around it. ``sources`` has what stands in FROM, by alias, and all that is
    in sight of WITH: a table, or the scope of a query. ``parent`` is the scope around this one. The others are scopes
    right inside: of WITH, of both sides of a UNION, of FROM, and of subqueries in expressions.
    """

    def __init__(self, expression: exp.Expr, parent: Scope | None, in_sight: Mapping[str, Source]) -> None:
        self.expression = expression
        self.parent = parent
        self.in_sight = in_sight
        self.sources: dict[str, Source] = dict(in_sight)
        self.cte_scopes: list[Scope] = []
        self.set_operation_scopes: list[Scope] = []
        self.table_scopes: list[Scope] = []
        self.subquery_scopes: list[Scope] = []

    @functools.cached_property
    def selected_sources(self) -> Mapping[str, tuple[exp.Expr, Source]]:
        """What stands in FROM, by alias: the node, without parentheses, and what it is."""
        named = {_name(item): item for item in _items(self.expression) if item is not self.expression}
        return {
            name: (item if item.args.get("pivots") else item.unnest(), self.sources[name])
            for name, item in named.items()
            if name in self.sources
        }

    @property
    def pivots(self) -> list[exp.Expr]:
        """Each PIVOT and UNPIVOT in FROM."""
        return [pivot for item in _items(self.expression) for pivot in item.args.get("pivots") or ()]

    def traverse(self) -> Iterator[Scope]:
        """The scopes inside this one, each before the one that it is in, and this one."""
        for inside in (self.cte_scopes, self.set_operation_scopes, self.table_scopes, self.subquery_scopes):
            for each in inside:
                yield from each.traverse()
        yield self


def scope_of(tree: exp.Query, nodes: Nodes) -> Scope:
    """The scope of a whole query; ``nodes`` are its own."""
    subqueries: dict[int, list[exp.Expr]] = {}
    for query in nodes.of(*_QUERIES):
        if _is_in_expression(query):
            subqueries.setdefault(id(query.find_ancestor(*_QUERIES)), []).append(query)
    return _Finder(subqueries).read(tree, None, {})


class _Finder:
    """Reads queries, outer before inner. ``subqueries`` are those in expressions, by the identity of their SELECT."""

    def __init__(self, subqueries: Mapping[int, list[exp.Expr]]) -> None:
        self._subqueries = subqueries

    def read(self, node: exp.Expr, parent: Scope | None, in_sight: Mapping[str, Source]) -> Scope:
        scope = Scope(node if parent is None else node.unnest(), parent, in_sight)
        self._with(scope)
        if isinstance(scope.expression, exp.SetOperation):
            for side in (scope.expression.this, scope.expression.expression):
                scope.set_operation_scopes.append(self.read(side, scope, scope.in_sight))
            return scope
        self._from(scope)
        found = self._subqueries.get(id(scope.expression), ())
        scope.subquery_scopes += [self.read(each, scope, scope.in_sight) for each in found]
        return scope

    def _with(self, scope: Scope) -> None:
        with_ = scope.expression.args.get("with_")
        if with_ is None:
            return
        in_sight = dict(scope.in_sight)
        for cte in with_.expressions:
            if with_.recursive and isinstance(cte.this, exp.SetOperation):  # it reads its own first side
                in_sight[cte.alias] = Scope(cte.this.this.unnest(), scope, scope.in_sight)
            inside = self.read(cte.this, scope, dict(in_sight))
            in_sight[cte.alias] = inside
            scope.cte_scopes.append(inside)
        scope.in_sight = in_sight
        scope.sources.update(in_sight)

    def _from(self, scope: Scope) -> None:
        """The FROM items of a SELECT. Of one in parentheses, that is what is in these."""
        sources: dict[str, Source] = {}
        for item in _items(scope.expression):
            if isinstance(item, exp.Table):
                meant = None if item.db else scope.in_sight.get(item.name)
                sources[item.alias_or_name] = meant or item
                if meant is not None and item.args.get("pivots"):
                    sources[item.args["pivots"][-1].alias] = item
            else:
                inside = self._array(item, scope, sources) if isinstance(item, exp.UDTF) else None
                inside = inside or self.read(item, scope, scope.in_sight)
                scope.table_scopes.append(inside)
                sources[_name(item)] = inside
        scope.sources.update(sources)

    def _array(self, item: exp.Expr, around: Scope, before: Mapping[str, Source]) -> Scope:
        """An array in FROM can name what stands before it."""
        scope = Scope(item, around, around.in_sight)
        scope.sources = {**before, **around.in_sight}
        queries = (each for each in item.iter_expressions() if isinstance(each, exp.Subquery))
        scope.subquery_scopes = [self.read(each, scope, scope.in_sight) for each in queries]
        return scope


def _items(query: exp.Expr) -> Iterator[exp.Expr]:
    """What stands in FROM: tables, queries and arrays; joins in parentheses are taken apart."""
    if isinstance(query, exp.Subquery):  # the whole is in parentheses, with a LIMIT behind them
        yield query
        return
    first = query.args.get("from_")
    waiting = [first.this] if first is not None else []
    waiting += [join.this for join in query.args.get("joins") or ()]
    waiting += query.args.get("laterals") or ()
    for item in waiting:
        if isinstance(item, exp.UDTF):
            yield item
            continue
        waiting += [join.this for join in item.args.get("joins") or ()]
        if isinstance(item, exp.Table) or _is_named(item):
            yield item
        elif isinstance(item, exp.Subquery):
            waiting.append(item.this)


def _is_named(item: exp.Expr) -> bool:
    """Whether a FROM item in parentheses is one of its own: otherwise it is a join that is only held together."""
    return isinstance(item, exp.Subquery) and bool(
        item.alias or item.args.get("pivots") or isinstance(item.this, _QUERIES)
    )


def _name(item: exp.Expr) -> str:
    """The alias of a FROM item; of an array, that of its elements."""
    if isinstance(item, exp.Table) or item.alias:
        return str(item.alias_or_name)
    alias = item.args.get("alias")
    columns = alias.columns if isinstance(alias, exp.TableAlias) else []
    return str(columns[0].name) if len(columns) == 1 else ""


def _is_in_expression(query: exp.Expr) -> bool:
    parent = query.parent
    while type(parent) is exp.Subquery:
        parent = parent.parent
    return parent is not None and not isinstance(parent, _NOT_IN_EXPRESSIONS)
