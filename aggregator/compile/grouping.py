"""Columns that are neither grouped nor aggregated, in a SELECT that aggregates. BigQuery refuses them.

What can't be judged is passed over: GROUP BY ALL and grouping sets, subqueries, functions that are not known and may be
aggregates of somebody's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis
    from aggregator.compile.nodes import Nodes

_MAY_AGGREGATE = (exp.AggFunc, exp.Anonymous, exp.AnonymousAggFunc, exp.Query, exp.UserDefinedFunction)
_LATER: tuple[tuple[str, type[exp.Expr]], ...] = (("a window function", exp.Window), ("an aggregate", exp.AggFunc))
_SEVERAL_GROUPINGS = (exp.Cube, exp.GroupingSets, exp.Rollup)

Keys = dict[type[exp.Expr], set[str]]
"""What rows are grouped by: texts, by the type of their outermost node."""


def grouping_problems(analysis: Analysis) -> Iterator[Diagnostic]:
    """One finding for each such column of each SELECT."""
    for select in analysis.nodes.of(exp.Select):
        group = select.args.get("group")
        if group is not None and not _is_plain(group):
            yield from _mixed(analysis, group)
            continue
        if group is None and not _aggregates(select, analysis.nodes):
            continue
        keys = _keys(select, group.expressions if group is not None else [])
        own = {source.alias_or_name.casefold() for source in _sources(select)}
        told: set[str] = set()
        yield from _computed_later(analysis, select, keys)
        for item in _looked_at(select):
            for column in _ungrouped(item, keys):
                if column.table.casefold() in own and column.name.casefold() not in told:
                    told.add(column.name.casefold())
                    yield _finding(analysis, column, has_group=group is not None)


def _mixed(analysis: Analysis, group: exp.Group) -> Iterator[Diagnostic]:
    """ROLLUP and its kin beside something else."""
    several = next((key for key in group.expressions if isinstance(key, _SEVERAL_GROUPINGS)), None)
    if several is not None and len(group.expressions) > 1:
        name = "GROUPING SETS" if isinstance(several, exp.GroupingSets) else several.key.upper()
        message = f"{name} must be all that GROUP BY lists"
        yield Diagnostic(analysis.query.place_of(several), codes.SYNTAX, message, "list each grouping in GROUPING SETS")


def _looked_at(select: exp.Select) -> Iterator[exp.Expr]:
    """What is computed for each group."""
    yield from (item.unalias() for item in select.expressions)
    having, order = select.args.get("having"), select.args.get("order")
    if having is not None:
        yield having.this
    if order is not None:
        yield from (ordered.this for ordered in order.expressions)


def _computed_later(analysis: Analysis, select: exp.Select, keys: Keys) -> Iterator[Diagnostic]:
    """Output columns that GROUP BY names or counts, and that there are only once there are groups."""
    group = select.args.get("group")
    for item in select.expressions if group is not None else ():
        if not _is_key(item.unalias(), keys):
            continue
        made = next((what for what, kind in _LATER if item.find(kind)), "")
        if made and not item.find(exp.Query):
            message = f"{made} can't stand in GROUP BY"
            yield Diagnostic(
                analysis.query.place_of(item), codes.MISPLACED, message, "group by what it is computed from"
            )


def _finding(analysis: Analysis, column: exp.Column, *, has_group: bool) -> Diagnostic:
    message = f"{column.name} is neither grouped nor aggregated"
    advice = "add it to GROUP BY, or aggregate it" if has_group else "aggregate it, or add GROUP BY"
    return Diagnostic(analysis.query.place_of(column), codes.UNGROUPED, message, advice)


def _is_plain(group: exp.Group) -> bool:
    """Whether a GROUP BY lists what it groups by, once."""
    return bool(group.expressions) and not any(isinstance(key, _SEVERAL_GROUPINGS) for key in group.expressions)


def _keys(select: exp.Select, grouped: list[exp.Expr]) -> Keys:
    """What rows are grouped by; the name or number of an output column stands for what that is."""
    outputs = {item.alias.casefold(): item.unalias() for item in select.expressions if isinstance(item, exp.Alias)}
    keys: Keys = {}
    for key in grouped:
        meant = [key]
        is_name = isinstance(key, exp.Identifier) or (isinstance(key, exp.Column) and not key.table)
        if is_name and key.name.casefold() in outputs:
            meant.append(outputs[key.name.casefold()])
        if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(select.expressions):
            meant.append(select.expressions[int(key.name) - 1].unalias())
        for each in meant:
            keys.setdefault(type(each), set()).add(_text(each))
    return keys


def _is_key(node: exp.Expr, keys: Keys) -> bool:
    return type(node) in keys and _text(node) in keys[type(node)]


def _text(node: exp.Expr) -> str:
    if isinstance(node, exp.Column) and len(node.parts) <= 2:  # noqa: PLR2004  (the usual key, and cheap)
        return f"{node.table}.{node.name}".casefold()
    return node.sql(comments=False).casefold()


def _ungrouped(node: exp.Expr, keys: Keys) -> Iterator[exp.Column]:
    """The columns in an expression that stand neither in a key nor in an aggregate."""
    if _is_key(node, keys) or isinstance(node, exp.Star):
        return
    if isinstance(node, exp.Column):
        yield node
    elif isinstance(node, exp.Window):
        inner = node.this
        while isinstance(inner, (exp.IgnoreNulls, exp.RespectNulls)):
            inner = inner.this
        parts = [*inner.iter_expressions(), *(node.args.get("partition_by") or ())]
        for part in parts:
            yield from _ungrouped(part, keys)
    elif not isinstance(node, _MAY_AGGREGATE):
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            return  # hll_count.merge(x): a function in a namespace
        for child in node.iter_expressions():
            yield from _ungrouped(child, keys)


def _aggregates(select: exp.Select, nodes: Nodes) -> bool:
    """Whether a SELECT that does not group makes one row of many, by a function that is an aggregate for certain."""
    return any(_home(node) is select for node in nodes.over_rows.get(id(select), ()) if isinstance(node, exp.AggFunc))


def _home(node: exp.Expr) -> exp.Expr | None:
    """The window or query that a function belongs to."""
    return node.find_ancestor(exp.Window, exp.Query)


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    first = select.args.get("from_")
    if first is not None:
        yield first.this
    yield from (join.this for join in select.args.get("joins") or ())
