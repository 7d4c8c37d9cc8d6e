"""What the columns of a qualified SELECT are made of, and which of its relations repeat rows of others.

Where that can't be known, nothing is claimed: a rule that stays silent is better than one that is wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.nodes import conjuncts
from aggregator.core.maps import Reach
from aggregator.core.names import TableName

if TYPE_CHECKING:
    from aggregator.compile.query import Query
    from aggregator.compile.subject import Subject
    from aggregator.core.diagnostics import Place
    from aggregator.core.graph import Measure, OutputColumn, Table

_ONE_PARTITION = frozenset({Reach.SAME, Reach.OFFSET, Reach.LATEST, Reach.PREVIOUS})


@dataclasses.dataclass(frozen=True)
class TableColumn:
    """A column of a table that the model reads."""

    table: Table
    column: OutputColumn


class Relations:
    """Follows columns from where they are used to where they are computed, and finds the keys of FROM items.

    ``measures`` are the kinds of number that were found so far, by the identity of the expression; ``fixed`` are the
    columns that have one value in all rows, by that of the SELECT.
    """

    def __init__(self, subject: Subject) -> None:
        self._tables = subject.tables
        self._model = subject.model
        self._scopes = subject.analysis.scopes
        self._over_rows = subject.analysis.nodes.over_rows
        self._keys: dict[int, tuple[frozenset[str], ...]] = {}
        self._named: dict[int, dict[str, int]] = {}
        self._defined: dict[tuple[int, str], tuple[exp.Expr | TableColumn, ...]] = {}
        self.measures: dict[int, Measure] = {}
        self.fixed: dict[int, frozenset[str]] = {}

    def selects(self) -> Iterator[Scope]:
        """The scopes of every SELECT, inner before outer."""
        return (scope for scope in self._scopes.values() if isinstance(scope.expression, exp.Select))

    def scope_of(self, node: exp.Expr) -> Scope | None:
        """The scope of the SELECT around a node."""
        return self._scopes.get(id(node.find_ancestor(exp.Select)))

    def source_of(self, column: exp.Column) -> exp.Table | Scope | None:
        """The table, or the query in WITH or FROM, that a column is taken from."""
        scope = self.scope_of(column)
        while scope is not None:
            if column.table in scope.sources:
                source: exp.Table | Scope = scope.sources[column.table]
                return source
            scope = scope.parent
        return None

    def table(self, source: exp.Table | Scope | None) -> Table | None:
        """What is known of a table in FROM; None of anything else."""
        return self._tables.get(TableName(source.db, source.name)) if isinstance(source, exp.Table) else None

    def definitions(self, column: exp.Column) -> Iterator[exp.Expr | TableColumn]:
        """What a column was computed as, through WITH and subqueries, each once; several if there is a UNION.

        Nothing where it can't be followed: columns of unnested arrays, of pivots and of tables without a schema.
        """
        source = self.source_of(column)
        if source is None:
            return iter(())
        key = (id(source), column.name.casefold())
        if key not in self._defined:
            self._defined[key] = ()  # a recursive WITH meets itself
            self._defined[key] = tuple({id(each): each for each in self._definitions(source, column)}.values())
        return iter(self._defined[key])

    def _definitions(self, source: exp.Table | Scope, column: exp.Column) -> Iterator[exp.Expr | TableColumn]:
        name = column.name.casefold()
        if isinstance(source, exp.Table):
            table = self.table(source)
            known = table.columns if table is not None and not source.args.get("pivots") else ()
            yield from (TableColumn(table, each) for each in known if table and each.name.casefold() == name)
            return
        for item in self._outputs(source, name):
            inner = item.unalias()
            if isinstance(inner, exp.Column):
                yield from self.definitions(inner)
            else:
                yield inner

    def _outputs(self, scope: Scope, name: str) -> Iterator[exp.Expr]:
        """The items that make an output column of a query, in each side of its UNIONs."""
        if id(scope) not in self._named:
            items = outputs_of(scope)
            self._named[id(scope)] = {item.alias_or_name.casefold(): index for index, item in enumerate(items)}
        index = self._named[id(scope)].get(name)
        for side in scope.set_operation_scopes or [scope]:
            items = outputs_of(side)
            if index is None or index >= len(items):
                continue
            if side is not scope and side.set_operation_scopes:
                yield from self._outputs(side, items[index].alias_or_name.casefold())
            else:
                yield items[index]

    def keys(self, source: exp.Table | Scope) -> tuple[frozenset[str], ...]:
        """Sets of columns, in lower case, each of which makes a row of a FROM item unique; none where unknown."""
        if isinstance(source, exp.Table):
            table = self.table(source)
            return (frozenset(name.casefold() for name in table.key),) if table is not None and table.key else ()
        if id(source) not in self._keys:
            self._keys[id(source)] = ()  # a recursive WITH meets itself
            self._keys[id(source)] = tuple(self._keys_of_query(source))
        return self._keys[id(source)]

    def has_one_row(self, alias: str, source: exp.Table | Scope, bound: Mapping[str, set[str]]) -> bool:
        """Whether one row at most of a FROM item meets a row of the others; ``bound`` is of :func:`bound_columns`."""
        columns = bound.get(alias, set()) | self._one_partition(alias, source)
        return any(key <= columns for key in self.keys(source))

    def aggregates(self, select: exp.Expr) -> bool:
        """Whether an output column of a SELECT aggregates its rows. Most are told by having no aggregate at all."""
        return id(select) in self._over_rows and any(map(has_aggregate, select.expressions))

    def is_one_row(self, select: exp.Expr) -> bool:
        """Whether a query surely gives one row at most."""
        if not isinstance(select, exp.Select):
            return False
        limit = select.args.get("limit")
        if limit is not None and limit.expression is not None and limit.expression.name in ("0", "1"):
            return True
        if not select.args.get("from_"):
            return True
        return not select.args.get("group") and self.aggregates(select)

    def _one_partition(self, alias: str, source: exp.Table | Scope) -> set[str]:
        """The partition column of a table of which a query sees a single partition.

        A model that is built for several partitions at once equates the partition columns, or it could not be.
        """
        table, calendar = self.table(source), self._model.calendar
        if table is None or table.calendar is None or calendar is None or table.calendar.grain is not calendar.grain:
            return set()
        edges = [edge for edge in self._model.inputs if edge.table == table.name]
        maps = {edge.map for edge in edges if edge.alias.casefold() == alias.casefold()}
        is_one = all(map_.reach in _ONE_PARTITION and map_.keeps(calendar.grain) for map_ in maps)
        return {table.calendar.column.casefold()} if maps and is_one else set()

    def _keys_of_query(self, scope: Scope) -> Iterator[frozenset[str]]:
        select = scope.expression
        if not isinstance(select, exp.Select) or scope.pivots:
            return
        if select.args.get("group") is not None:
            key = grouped_key(select)
            yield from () if key is None else (key,)
        elif self.is_one_row(select):
            yield frozenset()
        else:
            if select.args.get("distinct") and not select.args["distinct"].args.get("on"):
                yield frozenset(item.alias_or_name.casefold() for item in outputs_of(scope))
            if len(scope.selected_sources) == 1 and not select.args.get("laterals"):
                yield from self._inherited_keys(scope)

    def _inherited_keys(self, scope: Scope) -> Iterator[frozenset[str]]:
        """The keys of the only relation of a SELECT, under the names that its columns have here."""
        _, source = next(iter(scope.selected_sources.values()))
        if isinstance(source, exp.Table) and source.args.get("pivots"):
            return
        names = {
            item.unalias().name.casefold(): item.alias_or_name.casefold()
            for item in outputs_of(scope)
            if isinstance(item.unalias(), exp.Column)
        }
        for key in self.keys(source):
            if key <= names.keys():
                yield frozenset(names[name] for name in key)


def has_aggregate(node: exp.Expr) -> bool:
    """Whether an expression aggregates rows of its own SELECT: not in a window, not in a subquery."""
    if isinstance(node, exp.AggFunc):
        return not isinstance(node.parent, (exp.Window, exp.IgnoreNulls, exp.RespectNulls))
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        return any(has_aggregate(part) for key in ("partition_by", "order") for part in _parts(node.args.get(key)))
    return any(has_aggregate(child) for child in node.iter_expressions())


def bound_columns(scope: Scope) -> dict[str, set[str]]:
    """For each alias, its columns that have one value for each row of the others: equated, or grouped by."""
    select, bound = scope.expression, dict[str, set[str]]()
    tests = [select.args["where"].this] if select.args.get("where") else []
    tests += [join.args["on"] for join in select.args.get("joins") or () if join.args.get("on")]
    for test in (each for whole in tests for each in conjuncts(whole)):
        for one, other in _sides(test):
            if isinstance(one, exp.Column) and one.table not in {each.table for each in columns_in(other)}:
                bound.setdefault(one.table, set()).add(one.name.casefold())
    for each in group_expressions(scope):
        for column in columns_in(each):
            bound.setdefault(column.table, set()).add(column.name.casefold())
    return bound


def group_expressions(scope: Scope) -> Iterator[exp.Expr]:
    """What rows are grouped by; the names of output columns stand for what these are."""
    group = scope.expression.args.get("group")
    if group is None:
        return
    outputs = {item.alias_or_name.casefold(): item.unalias() for item in outputs_of(scope)}
    for each in group.expressions:
        is_name = isinstance(each, exp.Column) and not each.table
        yield outputs.get(each.name.casefold(), each) if is_name else each


def _sides(test: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    if isinstance(test, (exp.EQ, exp.NullSafeEQ)):
        return [(test.left.unnest(), test.right), (test.right.unnest(), test.left)]
    return []


def only_source(scope: Scope) -> Scope | None:
    """The query that a SELECT takes all its rows from."""
    select = scope.expression
    if not isinstance(select, exp.Select) or select.args.get("joins") or len(scope.selected_sources) != 1:
        return None
    _, source = next(iter(scope.selected_sources.values()))
    return source if isinstance(source, Scope) and isinstance(source.expression, exp.Select) else None


def place_of_item(query: Query, item: exp.Expr) -> Place:
    """The place of a FROM item: of a table's whole name."""
    metas = [part.meta for part in item.parts if "start" in part.meta] if isinstance(item, exp.Table) else []
    if not metas:
        return query.place_of(item)
    return query.place(min(meta["start"] for meta in metas), max(meta["end"] for meta in metas) + 1)


def columns_in(node: exp.Expr) -> Iterator[exp.Column]:
    """The columns that an expression names, those of subqueries left out."""
    if isinstance(node, exp.Column):
        yield node
    elif not isinstance(node, exp.Query):
        for child in node.iter_expressions():
            yield from columns_in(child)


def outputs_of(scope: Scope) -> list[exp.Expr]:
    """The SELECT list of a scope, of a UNION that of its first side."""
    return scope.expression.selects if isinstance(scope.expression, exp.Query) else []


def grouped_key(select: exp.Expr) -> frozenset[str] | None:
    """The output columns that a SELECT groups by, in lower case; None where it does not put all of them out."""
    group = select.args.get("group")
    if group is None or any(value for key, value in group.args.items() if key != "expressions"):
        return None
    names: dict[object, str] = {}
    for item in select.selects if isinstance(select, exp.Select) else ():
        name = item.alias_or_name.casefold()
        names.setdefault(_identity(item.unalias()), name)
        names.setdefault(("", name), name)
    found = [names.get(_identity(each)) for each in group.expressions]
    return frozenset(name for name in found if name is not None) if found and None not in found else None


def _identity(node: exp.Expr) -> object:
    """What makes two expressions the same; qualifying leaves marks on some columns."""
    return (node.table, node.name.casefold()) if isinstance(node, exp.Column) else node


def _parts(value: object) -> list[exp.Expr]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, exp.Expr)]
