"""Columns and tables of a SELECT that are nowhere: found on the qualified tree, pointed at in the author's text.

Where the columns of something are not known (an unnested array, a pivot), nothing is said: a wrong finding in a sound
SELECT is worse than a mistake that the next layer finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope
from sqlglot.schema import Schema

from aggregator.compile import codes
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Diagnostic, did_you_mean

_BY_ALIAS = (exp.Order, exp.Having, exp.Qualify, exp.Group)
"""Clauses in which an output column may be named."""

_RENAMING_PIPE = re.compile(r"\|>\s*AS\b", re.IGNORECASE)

Sources = Mapping[str, frozenset[str]]
"""The columns of each FROM item, by its alias, both in lower case; none where they are not known."""


def unknown_names(query: Query, scopes: list[Scope], schema: Schema) -> Iterator[Diagnostic]:
    """What every column of a qualified SELECT says about a table or column that is not there."""
    if _RENAMING_PIPE.search(query.text):
        return  # sqlglot loses the alias
    seen: set[int] = set()
    for scope in scopes:
        if not isinstance(scope.expression, exp.Select) or scope.pivots:
            continue
        visible = [_sources(each, schema) for each in _around(scope)]
        for column in scope.columns:
            if id(column) not in seen:
                seen.add(id(column))
                yield from _judge(query, column, visible, scope)


def _around(scope: Scope) -> Iterator[Scope]:
    """A scope and those whose columns a subquery in it may use."""
    yield scope
    while scope.can_be_correlated and scope.parent:
        scope = scope.parent
        yield scope


def _sources(scope: Scope, schema: Schema) -> Sources:
    resolver, sources = Resolver(scope, schema), {}
    for alias, (_, source) in scope.selected_sources.items():
        is_plain = isinstance(source, exp.Table) or isinstance(source.expression, exp.Query)
        names = resolver.get_source_columns(alias) if is_plain and not scope.pivots else ()
        columns = frozenset(name.casefold() for name in names)
        sources[alias.casefold()] = frozenset() if "*" in columns or "" in columns else columns
    return sources


def _judge(query: Query, column: exp.Column, visible: list[Sources], scope: Scope) -> Iterator[Diagnostic]:
    everything_known = all(all(sources.values()) for sources in visible)
    if column.table:
        holder = next((sources for sources in visible if column.table.casefold() in sources), None)
        if holder is None:
            if everything_known:
                yield _no_table(
                    query, column.args["table"], column.table, [alias for sources in visible for alias in sources]
                )
            return
        known = holder[column.table.casefold()]
        if known and column.name.casefold() not in known:
            yield _no_column(query, column, f"{column.table} has no column", known)
    elif everything_known and not _names_output(column, scope):
        holders = [alias for alias, known in visible[0].items() if column.name.casefold() in known]
        if holders:
            name = _written(query, column)
            message = f"{name} is a column of {' and of '.join(holders)}"
            advice = f"say which: {' or '.join(f'{alias}.{name}' for alias in holders)}"
            yield Diagnostic(query.place_of(column), codes.UNKNOWN_COLUMN, message, advice)
        else:
            known = frozenset(name for sources in visible for columns in sources.values() for name in columns)
            yield _no_column(query, column, "no table here has a column", known)


def _names_output(column: exp.Column, scope: Scope) -> bool:
    """Whether a column is the alias of an output column, where one may be used."""
    clause = column.find_ancestor(*_BY_ALIAS, exp.Select)
    names = {select.alias_or_name.casefold() for select in scope.expression.expressions}
    return isinstance(clause, _BY_ALIAS) and column.name.casefold() in names


def _no_column(query: Query, column: exp.Column, message: str, known: frozenset[str]) -> Diagnostic:
    name = _written(query, column)
    return Diagnostic(query.place_of(column.this), codes.UNKNOWN_COLUMN, f"{message} {name}", did_you_mean(name, known))


def _no_table(query: Query, node: exp.Expr, name: str, known: list[str]) -> Diagnostic:
    advice = did_you_mean(name, known) or f"there are: {', '.join(known)}"
    return Diagnostic(query.place_of(node), codes.UNKNOWN_COLUMN, f"no table here is called {name}", advice)


def _written(query: Query, column: exp.Column) -> str:
    """The name as its author wrote it; qualifying puts columns into lower case."""
    start = column.this.meta.get("start")
    return column.name if start is None else query.text[start : column.this.meta["end"] + 1].strip("`")


def refused(query: Query, error: OptimizeError) -> Diagnostic | None:
    """What kept sqlglot from qualifying a SELECT, if it is a mistake of the author's."""
    for pattern, explain in _REFUSALS.items():
        match = re.search(pattern, str(error))
        if match is not None:
            return explain(query, match[1])
    return None


def _star_of_no_table(query: Query, name: str) -> Diagnostic:
    stars = [node for node in query.tree.find_all(exp.Column) if node.table.casefold() == name.casefold()]
    known = [node.alias_or_name for node in query.tree.find_all(exp.Table)]
    return _no_table(query, stars[0] if stars else query.tree, name, known)


def _no_output_column(query: Query, number: str) -> Diagnostic:
    literals = [node for node in query.tree.find_all(exp.Literal) if not node.is_string and node.name == number]
    listed: list[exp.Expr] = [node for node in literals if isinstance(node.parent, (exp.Group, exp.Ordered))]
    message = f"there is no output column number {number}"
    return Diagnostic(query.place_of((listed or [query.tree])[0]), codes.UNKNOWN_COLUMN, message)


def _twice(query: Query, name: str) -> Diagnostic:
    items = query.tree.find_all(exp.Table, exp.Subquery)
    named: list[exp.Expr] = [node for node in items if node.alias_or_name.casefold() == name.casefold()]
    place = query.place_of((named or [query.tree])[-1])
    return Diagnostic(
        place, codes.UNKNOWN_COLUMN, f"two tables here are called {name}", "give each an alias of its own"
    )


def _no_join_column(query: Query, name: str) -> Diagnostic:
    using = [each for join in query.tree.find_all(exp.Join) for each in join.args.get("using") or ()]
    named = [each for each in using if each.name.casefold() == name.casefold()]
    message = f"{name} is not a column of both sides of the join"
    return Diagnostic(query.place_of((named or [query.tree])[0]), codes.UNKNOWN_COLUMN, message)


_REFUSALS = {
    r"Unknown table: (\w+)": _star_of_no_table,
    r"Unknown output column: (\d+)": _no_output_column,
    r"Alias already used: (\w+)": _twice,
    r"Cannot automatically join: (\w+)": _no_join_column,
}
"""Messages of sqlglot, and what to say instead."""
