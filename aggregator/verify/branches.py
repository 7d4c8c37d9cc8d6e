"""What a query asks of the rows of each table that it reads: so that a sample of them takes every branch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import walk_in_scope

from aggregator.compile.analysis import Analysis, Scope, analyse
from aggregator.compile.parse import DIALECT, parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import CompiledModel, Origin, OutputColumn
from aggregator.core.names import TableName

_NOT_OF_A_ROW = (exp.AggFunc, exp.Window, exp.Query, exp.Unnest, exp.Lambda)
"""What can't be computed from a row of a table alone."""

_CONDITIONS = (exp.Where, exp.Having, exp.Qualify, exp.CountIf)
_MOST = 40
"""Markers of a table; a query with more branches has them from a generator."""


@dataclasses.dataclass(frozen=True)
class Branches:
    """By the name of a table: SQL over its columns alone.

    ``markers`` tell the branches that a row takes apart: whatever their values, each should occur. ``filters`` are the
    conditions without which a row is not read on. ``columns`` are those that are used, in lower case. ``joins`` are
    pairs of columns that must be equal; those of one join are together.
    """

    columns: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    markers: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    filters: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    joins: tuple[tuple[tuple[Origin, Origin], ...], ...] = ()


def branches(model: CompiledModel, schemas: Mapping[TableName, tuple[OutputColumn, ...]]) -> Branches | None:
    """What a model asks of the tables it reads, from their columns; None where its query can't be followed."""
    query = parse_select(model.sql, Document("", model.sql), 0)
    type_ = str(model.calendar.type) if model.calendar else ""
    analysis = analyse(query, schemas, type_) if isinstance(query, Query) else None
    if not isinstance(analysis, Analysis) or not analysis.scopes:
        return None
    found = _Found()
    for scope in analysis.scopes.values():
        found.read(scope)
    return Branches(
        {table: frozenset(names) for table, names in found.columns.items()},
        {table: tuple(each)[:_MOST] for table, each in found.markers.items()},
        {table: tuple(each)[:_MOST] for table, each in found.filters.items()},
        tuple(dict.fromkeys(found.joins)),
    )


class _Found:
    """What was found so far, by the names of tables."""

    def __init__(self) -> None:
        self.columns: dict[str, set[str]] = {}
        self.markers: dict[str, dict[str, None]] = {}
        self.filters: dict[str, dict[str, None]] = {}
        self.joins: list[tuple[tuple[Origin, Origin], ...]] = []

    def read(self, scope: Scope) -> None:
        """All that is in one SELECT, without those inside."""
        select = scope.expression
        is_inner = isinstance(select.parent, exp.Subquery) and not select.args.get("distinct")
        for node in walk_in_scope(select):
            if isinstance(node, exp.Column):
                if is_inner and node.parent is not None and select in (node.parent, node.parent.parent):
                    continue  # handed on: used where the query around it says so
                base = _base(node, scope)
                for name, column in _columns(base) if base is not None else ():
                    self.columns.setdefault(name, set()).add(column.casefold())
            elif isinstance(node, exp.Case):
                self._case(node, scope)
            elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
                self._add(self.markers, _expanded(node.this, scope))
            elif isinstance(node, _CONDITIONS):
                self._condition(node.this, scope, is_filter=isinstance(node, exp.Where))
            elif isinstance(node, exp.Join):
                self._join(node, scope)

    def _case(self, case: exp.Case, scope: Scope) -> None:
        """The number of the branch that a row takes: a later one is reached only past those before it."""
        subject = case.args.get("this")
        tests = [
            _expanded(exp.EQ(this=subject.copy(), expression=each.this.copy()) if subject else each.this, scope)
            for each in case.args["ifs"]
        ]
        known = [each for each in tests if each is not None]
        if len(known) < len(tests) or len({table for each in known for table, _ in _columns(each)}) != 1:
            for each in known:
                self._add(self.markers, each)
            return
        ifs = [exp.If(this=each, true=exp.Literal.number(place)) for place, each in enumerate(known, start=1)]
        self._add(self.markers, exp.Case(ifs=ifs, default=exp.Literal.number(0)))

    def _condition(self, condition: exp.Expr, scope: Scope, *, is_filter: bool) -> None:
        pairs = []
        for each in condition.unnest().flatten() if isinstance(condition.unnest(), exp.And) else (condition,):
            pair = _pair(each.unnest(), scope)
            expanded = _expanded(each, scope)
            pairs += [pair] if pair else []
            self._add(self.markers, expanded)
            if is_filter:
                self._add(self.filters, expanded)
        self.joins += [tuple(pairs)] if pairs else []

    def _join(self, join: exp.Join, scope: Scope) -> None:
        if join.args.get("on") is not None:
            self._condition(join.args["on"], scope, is_filter=False)
        pairs = []
        for name in join.args.get("using") or ():
            bases = (_base(exp.column(name.name, table=alias), scope) for alias in scope.sources)
            origins = [origin for base in bases if base is not None for origin in [_origin(base)] if origin]
            pairs += [(each, origins[-1]) for each in origins if each.table != origins[-1].table]
        self.joins += [tuple(pairs)] if pairs else []

    @staticmethod
    def _add(to: dict[str, dict[str, None]], expression: exp.Expr | None) -> None:
        """An expression of one table."""
        names = {table for table, _ in _columns(expression)} if expression is not None else set()
        if expression is not None and len(names) == 1:
            to.setdefault(names.pop(), {})[_sql(expression)] = None


def _pair(node: exp.Expr, scope: Scope) -> tuple[Origin, Origin] | None:
    """Columns of two tables that must be equal."""
    if not isinstance(node, exp.EQ):
        return None
    one, other = (_expanded(side, scope) for side in (node.this, node.expression))
    left, right = (_origin(each) if each is not None else None for each in (one, other))
    return (left, right) if left and right and left.table != right.table else None


def _origin(base: exp.Expr) -> Origin | None:
    return Origin(base.table, base.name) if isinstance(base, exp.Column) else None


def _expanded(node: exp.Expr, scope: Scope) -> exp.Expr | None:
    """The same expression of columns of tables, under the names of these; None where it is more than that."""
    if isinstance(node, exp.Column):
        return _base(node, scope)
    if node.find(*_NOT_OF_A_ROW):
        return None
    holder: exp.Expr = exp.paren(node, copy=True)
    for column in list(holder.find_all(exp.Column)):
        base = _base(column, scope)
        if base is None:
            return None
        column.replace(base if isinstance(base, exp.Column) else exp.paren(base))
    expanded: exp.Expr = holder.this
    return expanded


def _base(column: exp.Column, scope: Scope) -> exp.Expr | None:
    """What a column is made from, in terms of tables."""
    source = {name.casefold(): each for name, each in scope.sources.items()}.get(column.table.casefold())
    if isinstance(source, exp.Table):
        return exp.column(column.name, table=f"{source.db}.{source.name}")
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return None
    items: Sequence[exp.Expr] = source.expression.expressions
    item = next((each for each in items if each.alias_or_name.casefold() == column.name.casefold()), None)
    return _expanded(item.unalias(), source) if item is not None else None


def _columns(expression: exp.Expr) -> Iterator[tuple[str, str]]:
    """The tables and columns in an expanded expression."""
    return ((each.table, each.name) for each in expression.find_all(exp.Column))


def _sql(expression: exp.Expr) -> str:
    bare = expression.copy()
    for column in bare.find_all(exp.Column):
        column.set("table", None)
    return bare.sql(DIALECT, identify=True)
