"""Whether several partitions may be built in one query, proved from the SQL.

A model is *batchable* when building ``[a, c)`` in one query gives the rows of building ``[a, b)`` and ``[b, c)``.
The proof follows the *aligned* columns: those whose value determines to which output partition a row belongs. It
begins with the partition columns of the inputs, passes through projections and truncations, and must reach every
grouping, window and join. What can't be proved is built one partition at a time, which is always right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sqlglot import exp

from aggregator.compile.alignment import AlignedColumns, cutting_columns, is_aligned, type_name
from aggregator.compile.analysis import Analysis, Scope, select_list
from aggregator.compile.nodes import Nodes, conjuncts
from aggregator.core.calendar import Calendar
from aggregator.core.graph import Input
from aggregator.core.maps import Reach
from aggregator.core.names import TableName

_LIMIT = "LIMIT and TABLESAMPLE choose among all rows of a query"


class _NotProvableError(Exception):
    """Why the proof fails, in words that complete "one at a time: …"."""


def why_one_by_one(
    analysis: Analysis,
    inputs: tuple[Input, ...],
    calendar: Calendar,
    calendars: Mapping[TableName, Calendar | None],
) -> str:
    """The reason why partitions can't be built together; empty when they can."""
    obstacle = _map_obstacle(inputs, calendars)
    if obstacle or analysis.root is None:
        return obstacle or "its columns could not be resolved"
    partitioned = {str(edge.table): calendars[edge.table] for edge in inputs if edge.map.reach is Reach.SAME}
    try:
        _refuse_limits(analysis.nodes)
        proof = _Proof(calendar, partitioned, analysis.nodes)
        output = proof.aligned_output(analysis.root)
        proof.no_parameters()
    except _NotProvableError as reason:
        return str(reason)
    if output is None:
        return "it reads no partitioned input"
    if calendar.column.casefold() not in output:
        return f"{calendar.column} is not computed from the partition columns of the inputs alone"
    return ""


def _map_obstacle(inputs: tuple[Input, ...], calendars: Mapping[TableName, Calendar | None]) -> str:
    """A partition map that no batch can follow."""
    by_partition = {edge.table for edge in inputs if edge.map.reach is Reach.SAME}
    for edge in inputs:
        if calendars[edge.table] is None:
            continue
        if edge.map.reach not in (Reach.SAME, Reach.ALL):
            return f"it reads {edge.table} through {edge.map}"
        if edge.map.reach is Reach.ALL and edge.table in by_partition:
            return f"it reads {edge.table} both by partition and whole"
    return ""


@dataclasses.dataclass
class _Relation:
    """A FROM item: its alias, and its aligned columns; None when it is the same for every partition."""

    alias: str
    aligned: AlignedColumns | None


class _Proof:
    """Walks the scopes of a SELECT. ``None`` in place of aligned columns means: reads no partitions."""

    def __init__(self, calendar: Calendar, partitioned: Mapping[str, Calendar | None], nodes: Nodes) -> None:
        self._calendar = calendar
        self._partitioned = partitioned
        self._known: dict[int, frozenset[str] | None] = {}
        self._harmless_parameters: set[int] = set()
        self._parameters = sorted(nodes.of(exp.Parameter), key=lambda node: node.meta.get("start", 0))
        self._samples = list(nodes.of(exp.TableSample))
        self._over_rows = nodes.over_rows
        self._windows: dict[int, list[exp.Window]] = {}
        for window in nodes.of(exp.Window):
            self._windows.setdefault(id(window.find_ancestor(exp.Select)), []).append(window)

    def no_parameters(self) -> None:
        for parameter in self._parameters:
            if id(parameter) not in self._harmless_parameters:
                raise _NotProvableError(f"it uses @{parameter.name}")

    def aligned_output(self, scope: Scope) -> frozenset[str] | None:
        """The names of a scope's aligned output columns."""
        if id(scope) not in self._known:
            self._known[id(scope)] = frozenset()  # for a recursive WITH, until the real answer is there
            self._known[id(scope)] = self._union(scope) if scope.set_operation_scopes else self._select(scope)
        return self._known[id(scope)]

    def _union(self, scope: Scope) -> frozenset[str] | None:
        branches = [self.aligned_output(branch) for branch in scope.set_operation_scopes]
        sound = [branch for branch in branches if branch is not None]
        if not sound:
            return None
        if len(sound) < len(branches):
            raise _NotProvableError("one side of a UNION reads no partitions")
        if any(scope.expression.args.get(key) for key in ("by_name", "side", "kind", "on")):
            raise _NotProvableError("a UNION matches columns by name")
        names = [item.alias_or_name.casefold() for item in select_list(scope)]
        columns = [[item.alias_or_name.casefold() for item in select_list(b)] for b in scope.set_operation_scopes]
        shared = frozenset(
            name
            for index, name in enumerate(names)
            if all(len(each) > index and each[index] in aligned for each, aligned in zip(columns, sound, strict=True))
        )
        if not shared:
            raise _NotProvableError("the sides of a UNION share no partition column")
        return shared

    def _select(self, scope: Scope) -> frozenset[str] | None:
        select = scope.expression
        for subquery in scope.subquery_scopes:
            if self._reads_partitions(subquery):
                raise _NotProvableError("a subquery outside FROM reads partitions")
        if isinstance(select, exp.Unnest):
            return None  # rows of a row
        if not isinstance(select, exp.Select):
            what = "a SELECT in parentheses" if isinstance(select, exp.Subquery) else select.key.upper()
            raise _NotProvableError(f"{what} can't be followed")
        aligned = self._joined(scope)
        if aligned is None:
            return None
        self._note_harmless(select, aligned)
        if select.args.get("limit") or select.args.get("offset") or self._samples:
            raise _NotProvableError(_LIMIT)
        self._check_windows(select, aligned)
        keys = self._keys(select, aligned)
        return frozenset(
            item.alias_or_name.casefold()
            for item in select.selects
            if self._is_aligned(item.unalias(), aligned) and (keys is None or item.unalias() in keys)
        )

    def _reads_partitions(self, subquery: Scope) -> bool:
        try:
            return self.aligned_output(subquery) is not None
        except _NotProvableError:
            return True

    def _joined(self, scope: Scope) -> AlignedColumns | None:
        """The aligned columns of the joined FROM items."""
        select = scope.expression
        first = select.args.get("from_")
        if first is None:
            return None
        if select.args.get("laterals"):
            raise _NotProvableError("LATERAL can't be followed")
        aligned = self._relation(first.this, scope).aligned
        where = select.args.get("where")
        for join in select.args.get("joins") or ():
            conditions = list(conjuncts(join.args.get("on")))
            if join.side == "":
                conditions += conjuncts(where.this if where else None)
            aligned = self._join(aligned, self._relation(join.this, scope), join.side, conditions)
        return aligned

    def _relation(self, node: exp.Expr, scope: Scope) -> _Relation:
        alias = node.alias_or_name
        source = scope.sources.get(alias)
        if node.args.get("pivots"):
            raise _NotProvableError("PIVOT and UNPIVOT can't be followed")
        if node.args.get("joins") or source is None:
            raise _NotProvableError("a join in parentheses can't be followed")
        if isinstance(node, exp.Table) and isinstance(source, exp.Table):
            calendar = self._partitioned.get(f"{node.db}.{node.name}")
            if calendar is None:
                return _Relation(alias, None)
            columns = cutting_columns(calendar, self._calendar)
            return _Relation(alias, frozenset((alias.casefold(), column) for column in columns))
        if not isinstance(source, Scope):
            raise _NotProvableError(f"what {alias} stands for can't be followed")
        output = self.aligned_output(source)
        if output is None:
            return _Relation(alias, None)
        return _Relation(alias, frozenset((alias.casefold(), name) for name in output))

    def _join(
        self, left: AlignedColumns | None, right: _Relation, side: str, conditions: list[exp.Expr]
    ) -> AlignedColumns | None:
        if side == "FULL":
            raise _NotProvableError("a FULL JOIN can leave the partition column NULL")
        if right.aligned is None:
            if side == "RIGHT" and left is not None:
                raise _NotProvableError(f"unmatched rows of {right.alias} would appear in every partition")
            return left
        if left is None:
            if side == "LEFT":
                raise _NotProvableError(f"unmatched rows left of {right.alias} would appear in every partition")
            return right.aligned
        both = left | right.aligned
        if not any(self._equates(condition, left, right.aligned) for condition in conditions):
            raise _NotProvableError(f"the join with {right.alias} is not on the partition columns")
        return {"LEFT": left, "RIGHT": right.aligned}.get(side, both)

    def _equates(self, condition: exp.Expr, left: AlignedColumns, right: AlignedColumns) -> bool:
        if not isinstance(condition, exp.EQ):
            return False
        a, b = condition.this, condition.expression
        return (self._is_aligned(a, left) and self._is_aligned(b, right)) or (
            self._is_aligned(b, left) and self._is_aligned(a, right)
        )

    def _keys(self, select: exp.Select, aligned: AlignedColumns) -> list[exp.Expr] | None:
        """The grouping keys of a SELECT, one of which must be aligned; None when it does not group."""
        group = select.args.get("group")
        if select.args.get("distinct"):
            keys = [item.unalias() for item in select.selects]
        elif group is not None and group.args.get("all"):
            keys = [item.unalias() for item in select.selects if not _is_aggregate(item, select)]
        elif group is not None:
            keys = [_without_shadow(key) for key in group.expressions]
        elif self._aggregates(select) or select.args.get("having"):
            keys = []
        else:
            return None
        if not any(self._is_aligned(key, aligned) for key in keys):
            raise _NotProvableError("a GROUP BY or DISTINCT does not include the partition column")
        return keys

    def _aggregates(self, select: exp.Select) -> bool:
        return any(_is_own_aggregate(node, select) for node in self._over_rows.get(id(select), ()))

    def _check_windows(self, select: exp.Select, aligned: AlignedColumns) -> None:
        for window in self._windows.get(id(select), ()):
            if not any(self._is_aligned(key, aligned) for key in window.args.get("partition_by") or ()):
                raise _NotProvableError("a window is not partitioned by the partition column")

    def _note_harmless(self, select: exp.Select, aligned: AlignedColumns) -> None:
        """``flight_date >= @start AND flight_date < @end`` only repeats the filter."""
        where = select.args.get("where")
        for condition in conjuncts(where.this if where else None):
            bound = {"gte": "start", "lt": "end"}.get(condition.key)
            parameter = condition.args.get("expression")
            if (
                isinstance(parameter, exp.Parameter)
                and parameter.name == bound
                and type_name(condition.this) == self._calendar.type
                and self._is_aligned(condition.this, aligned)
            ):
                self._harmless_parameters.add(id(parameter))

    def _is_aligned(self, node: exp.Expr, aligned: AlignedColumns) -> bool:
        return is_aligned(node, aligned, self._calendar)


def _refuse_limits(nodes: Nodes) -> None:
    """A LIMIT behind a UNION or behind parentheses; that of a SELECT is looked at with it."""
    for limit in nodes.of(exp.Limit, exp.Offset, exp.Fetch):
        if isinstance(limit.parent, (exp.SetOperation, exp.Subquery)):
            raise _NotProvableError(_LIMIT)


def _is_aggregate(item: exp.Expr, select: exp.Select) -> bool:
    """Whether a projection aggregates; an aggregate with OVER is a window, one in a subquery is the subquery's."""
    return any(_is_own_aggregate(node, select) for node in item.find_all(exp.AggFunc))


def _is_own_aggregate(node: exp.Expr, select: exp.Select) -> bool:
    is_aggregate = isinstance(node, exp.AggFunc) and not isinstance(node.parent, exp.Window)
    return is_aggregate and node.find_ancestor(exp.Select) is select


def _without_shadow(key: exp.Expr) -> exp.Expr:
    """A grouping key as the projection writes it: sqlglot marks one whose table shares its name with an alias."""
    if isinstance(key, exp.Column) and key.args.get("shadow"):
        key = key.copy()
        key.set("shadow", None)
    return key
