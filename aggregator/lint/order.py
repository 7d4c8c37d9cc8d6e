"""Which rows of a SELECT can be told apart, for rules about order: where rows tie, the engine chooses.

Everything is about the qualified copy of a SELECT, in which each column has its table's alias. Expressions are compared
as SQL text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import copy_of
from aggregator.core.calendar import ColumnType, Grain
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.lint.protocol import Inspected

_DIALECT = "bigquery"
BY_ORDER = (
    *(exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile),
    *(exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue),
)
"""Window functions that mean nothing without an order."""

_ONE_PARTITION = frozenset({Reach.SAME, Reach.OFFSET, Reach.LATEST, Reach.PREVIOUS})


@dataclasses.dataclass(frozen=True)
class Window:
    """An ``OVER (…)`` with what it takes from a named window: by what it parts rows, and by what it orders them."""

    node: exp.Window
    function: exp.Expr
    select: exp.Select
    partition: tuple[exp.Expr, ...]
    order: tuple[exp.Expr, ...]


def windows(subject: Inspected) -> Iterator[Window]:
    """The window functions of the qualified SELECT."""
    for node in subject.qualified.of(exp.Window):
        select = node.find_ancestor(exp.Select)
        if select is None or node.arg_key == "windows":
            continue
        partition, order = _definition(node, select)
        yield Window(node, _unwrapped(node.this), select, tuple(partition), tuple(order))


def _unwrapped(function: exp.Expr) -> exp.Expr:
    while isinstance(function, (exp.IgnoreNulls, exp.RespectNulls)):
        function = function.this
    return function


def _definition(node: exp.Window, select: exp.Select, depth: int = 0) -> tuple[list[exp.Expr], list[exp.Expr]]:
    partition = list(node.args.get("partition_by") or ())
    order = order_items(node)
    name = node.alias.casefold()
    named = [each for each in select.args.get("windows") or () if each.name.casefold() == name and each is not node]
    if name and named and depth < 10:  # noqa: PLR2004  (BigQuery refuses a circle, sqlglot doesn't)
        base_partition, base_order = _definition(named[0], select, depth + 1)
        return partition or base_partition, order or base_order
    return partition, order


def order_items(node: exp.Expr) -> list[exp.Expr]:
    """What the ORDER BY of a query, window or aggregate orders by."""
    order = node.args.get("order") or (node if isinstance(node, exp.Order) else None)
    items = [item.this if isinstance(item, exp.Ordered) else item for item in order.expressions] if order else []
    return [item for item in items if item.find(exp.Column, exp.Func)]  # a constant is no order


def texts(nodes: Iterator[exp.Expr] | list[exp.Expr] | tuple[exp.Expr, ...]) -> frozenset[str]:
    """Expressions as text that can be compared."""
    return frozenset(map(_text, nodes))


def _text(node: exp.Expr) -> str:
    """An item as text, by a copy of our own: it is had in a fifth of the time that sqlglot's takes."""
    if isinstance(node, exp.Column) and not node.args.get("db"):  # as nearly all are
        return f"{node.table}.{node.name}"
    return copy_of(node.unalias()).sql(_DIALECT, copy=False)


def fixed_columns(subject: Inspected, select: exp.Select) -> frozenset[str]:
    """Columns that have one value in all rows of a build.

    WHERE says so (``origin = 'EWR'``), or the partition map: a day's build reads one day of the input.
    """
    known = subject.relations.fixed
    if id(select) not in known:
        known[id(select)] = frozenset()  # a recursive WITH meets itself
        known[id(select)] = _new_fixed_columns(subject, select)
    return known[id(select)]


def _new_fixed_columns(subject: Inspected, select: exp.Select) -> frozenset[str]:
    scope = subject.analysis.scopes.get(id(select))
    sources = scope.sources.items() if scope else ()
    mapped = [exp.column(name, table=alias) for alias, source in sources for name in _fixed_names(subject, source)]
    where = select.args.get("where")
    conditions = where.this.flatten() if where and isinstance(where.this, exp.And) else [where.this] if where else []
    sides = [(each.left, each.right) for each in conditions if isinstance(each, exp.EQ)]
    pairs = [pair for left, right in sides for pair in ((left, right), (right, left))]
    said = [column for column, value in pairs if isinstance(column, exp.Column) and not value.find(exp.Column)]
    return texts([*mapped, *said])


def _fixed_names(subject: Inspected, source: exp.Table | Scope) -> list[str]:
    """Columns of a table or subquery that have one value in all rows of a build."""
    if isinstance(source, Scope):
        select = source.expression
        fixed = fixed_columns(subject, select) if isinstance(select, exp.Select) else frozenset()
        return [item.alias_or_name for item in select.expressions if texts([item]) <= fixed] if fixed else []
    name, own = TableName(source.db, source.name), subject.model.calendar
    calendar = own if name == subject.model.name else subject.tables[name].calendar if name in subject.tables else None
    reaches = {edge.map.reach for edge in subject.model.inputs if edge.table == name}
    is_day = all(each and each.type is ColumnType.DATE and each.grain is Grain.DAY for each in (own, calendar))
    return [calendar.column.casefold()] if calendar and is_day and reaches <= _ONE_PARTITION else []


def tells_all_apart(select: exp.Select, known: frozenset[str]) -> bool:
    """Whether rows that agree in what is ``known`` agree in all that comes out of the SELECT.

    Then it makes no difference which of them comes first. Of a window that goes by the order of rows only what it takes
    from them is looked at: it is its order that the question is about.
    """
    shown = [*select.expressions, *filter(None, [select.args.get("qualify")])]
    return all(_follows(each, known) for each in shown)


def _follows(node: exp.Expr, known: frozenset[str]) -> bool:
    if isinstance(node, exp.Window):
        function = _unwrapped(node.this)
        by_values = isinstance(function, BY_ORDER) or not isinstance(function, exp.AggFunc)
        return all(_follows(each, known) for each in (function if by_values else node).iter_expressions())
    if isinstance(node, (exp.Column, exp.AggFunc, exp.Query, exp.Star)):
        return bool(texts([node]) & known)
    return bool(texts([node]) & known) or all(_follows(each, known) for each in node.iter_expressions())


def row_key(subject: Inspected, select: exp.Select) -> frozenset[str] | None:
    """Expressions that together tell the rows of a SELECT apart, after grouping; None where that is not known."""
    group = select.args.get("group")
    if group is None:
        has_aggregate = any(_aggregates(item) for item in select.expressions)
        return frozenset() if has_aggregate else input_key(subject, select)
    if set(group.args) - {"expressions"} and any(group.args.get(kind) for kind in ("rollup", "cube", "grouping_sets")):
        return None
    return texts(group.expressions)


def input_key(subject: Inspected, select: exp.Select) -> frozenset[str] | None:
    """Columns that together tell the rows of FROM apart; None where that is not known, as behind any join."""
    scope = subject.analysis.scopes.get(id(select))
    source = select.args.get("from_")
    if scope is None or source is None or select.args.get("joins") or select.args.get("laterals"):
        return None
    alias = source.this.alias_or_name
    key = source_key(subject, scope.sources.get(alias))
    return None if key is None else texts([exp.column(name, table=alias) for name in key])


def source_key(subject: Inspected, source: exp.Table | Scope | None) -> frozenset[str] | None:
    """Names of columns that tell the rows of a table or subquery apart."""
    if isinstance(source, exp.Table):
        table = subject.tables.get(TableName(source.db, source.name))
        return frozenset(name.casefold() for name in table.key) if table and table.key else None
    if source is None or not isinstance(source.expression, exp.Select):
        return None
    select = source.expression
    if select.args.get("distinct"):
        return frozenset(item.alias_or_name for item in select.expressions)
    key = row_key(subject, select)
    if key is None:
        return None
    names = {_text(item): item.alias_or_name for item in select.expressions}
    return frozenset(names[each] for each in key) if key <= names.keys() else None


def _aggregates(item: exp.Expr) -> bool:
    """Whether an output column is an aggregate over all rows, rather than over a window."""
    return any(
        not isinstance(node.find_ancestor(exp.Window, exp.Select), exp.Window) for node in item.find_all(exp.AggFunc)
    )
