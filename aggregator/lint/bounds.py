"""What a WHERE says about the partition column of an input, beside what the partition map says.

Both are computed for given partitions, as stretches of time on the wall clock that the model and its input share: the
map's from ``core.maps``, that of the WHERE from comparisons with ``@start``, ``@end`` and constants. What can't be
computed is passed over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlglot import exp

from aggregator.compile.analysis import Scope
from aggregator.compile.truncations import grain_of
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.graph import Input
from aggregator.core.maps import PartitionMap, Reach
from aggregator.core.names import TableName
from aggregator.lint.protocol import Inspected

FIRST, LAST = datetime.min, datetime.max  # noqa: DTZ901  (wall clocks have no zone)
Stretch = tuple[datetime, datetime]
_SHIFTS: dict[type[exp.Expr], int] = {
    **dict.fromkeys((exp.DateSub, exp.DatetimeSub, exp.TimestampSub, exp.Sub), -1),
    **dict.fromkeys((exp.DateAdd, exp.DatetimeAdd, exp.TimestampAdd, exp.Add), 1),
}
_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.GT: exp.LT,
    exp.LTE: exp.GTE,
    exp.GTE: exp.LTE,
    exp.EQ: exp.EQ,
}


@dataclasses.dataclass(frozen=True)
class Bound:
    """One condition that WHERE puts on the partition column of an input: ``column kind value``."""

    node: exp.Expr
    kind: type[exp.Expr]
    values: tuple[exp.Expr, ...]
    edge: Input
    source: Calendar
    select: exp.Select

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for every partition."""
        return not any(value.find(exp.Parameter) for value in self.values)

    def stretch(self, start: datetime, end: datetime) -> Stretch | None:
        """What it lets through when ``[start, end)`` is built; None where that can't be computed."""
        values = [moment(value, start, end) for value in self.values]
        if any(value is None for value in values):
            return None
        known = [value for value in values if value is not None]
        step = timedelta(days=1) if self.source.type is ColumnType.DATE else timedelta(microseconds=1)
        low, high = min(known), max(known) + step
        if self.kind in (exp.GTE, exp.GT):
            return (low if self.kind is exp.GTE else low + step), LAST
        if self.kind in (exp.LT, exp.LTE):
            return FIRST, (high if self.kind is exp.LTE else high - step)
        return low, high


def bounds(subject: Inspected) -> Iterator[Bound]:
    """The conditions on partition columns of inputs that are read through a map, and whose clock is the model's."""
    reader = subject.model.calendar
    if reader is None:
        return
    for where in subject.qualified.of(exp.Where):
        select = where.parent
        if isinstance(select, exp.Select):
            for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
                yield from _bound(subject, reader, condition, select)


def _bound(subject: Inspected, reader: Calendar, node: exp.Expr, select: exp.Select) -> Iterator[Bound]:
    column, kind, values = _comparison(node)
    if column is None:
        return
    found = _input(subject, column, select)
    if found is None or found[0].map.reach is Reach.ALL:
        return
    edge, source = found
    if source.type is reader.type and source.wall == reader.wall:
        yield Bound(node, kind, values, edge, source, select)


def _comparison(node: exp.Expr) -> tuple[exp.Column | None, type[exp.Expr], tuple[exp.Expr, ...]]:
    if isinstance(node, exp.Between) and isinstance(node.this, exp.Column):
        return node.this, exp.Between, (node.args["low"], node.args["high"])
    if isinstance(node, exp.In) and isinstance(node.this, exp.Column) and node.expressions:
        return node.this, exp.In, tuple(node.expressions)
    if type(node) in _FLIPPED and isinstance(node, exp.Binary):
        if isinstance(node.left, exp.Column):
            return node.left, type(node), (node.right,)
        if isinstance(node.right, exp.Column):
            return node.right, _FLIPPED[type(node)], (node.left,)
    return None, type(node), ()


def _input(subject: Inspected, column: exp.Column, select: exp.Select) -> tuple[Input, Calendar] | None:
    """The input whose partition column a column is, also through WITH and subqueries that hand it on as it is."""
    scope, name = subject.analysis.scopes.get(id(select)), column.name
    source = scope.sources.get(column.table) if scope else None
    while isinstance(source, Scope):
        inner = source.expression
        items = inner.selects if isinstance(inner, exp.Select) else []
        handed = next((item.unalias() for item in items if item.alias_or_name == name), None)
        if not isinstance(handed, exp.Column):
            return None
        source, name = source.sources.get(handed.table), handed.name
    if not isinstance(source, exp.Table):
        return None
    table = TableName(source.db, source.name)
    own = subject.model.calendar if table == subject.model.name else None
    calendar = subject.tables[table].calendar if table in subject.tables else own
    if calendar is None or calendar.column.casefold() != name.casefold():
        return None
    edges = [edge for edge in subject.model.inputs if edge.table == table]
    maps = {edge.map for edge in edges}
    return (edges[0], calendar) if len(maps) == 1 else None


def mapped(map_: PartitionMap, source: Calendar, start: datetime, end: datetime, grain: Grain) -> Stretch:
    """What a partition map lets through when ``[start, end)`` is built: whole partitions of the input."""
    low, high = map_.interval(grain, start, end)
    return source.grain.floor(low), source.grain.ceil(high)


def meet(one: Stretch, other: Stretch) -> Stretch | None:
    """What two stretches have in common."""
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low < high else None


def made_from(subject: Inspected, names: set[str]) -> set[str]:
    """Names of columns, with those of the columns that a SELECT or WITH makes from them; in lower case."""
    aliases = list(subject.written.of(exp.Alias))
    made = {alias.alias.casefold(): {each.name.casefold() for each in alias.find_all(exp.Column)} for alias in aliases}
    found = set(names)
    while more := {name for name, columns in made.items() if columns & found} - found:
        found |= more
    return found


def moment(node: exp.Expr, start: datetime, end: datetime) -> datetime | None:
    """The value of an expression over ``@start``, ``@end`` and constants, on the wall clock; None if it is another."""
    try:
        return _moment(node, start, end)
    except (ValueError, OverflowError):  # 31 + 1 months, February 30, '5 days ago'
        return None


def _moment(node: exp.Expr, start: datetime, end: datetime) -> datetime | None:
    value: datetime | None = None
    if isinstance(node, exp.Parameter):
        value = {"start": start, "end": end}.get(node.name)
    elif isinstance(node, exp.Literal):
        value = _read(node.name) if node.is_string else None
    elif isinstance(node, exp.DateFromParts):
        year, month, day = (int(node.args[part].name) for part in ("year", "month", "day"))
        value = datetime(year, month, day)  # noqa: DTZ001
    elif isinstance(node, (exp.Cast, exp.Paren)) or (isinstance(node, exp.Date) and not node.args.get("zone")):
        value = _moment(node.this, start, end)
    elif isinstance(node, exp.DateTrunc):
        inner, grain = _moment(node.this, start, end), grain_of(node)
        value = grain.floor(inner) if inner and grain else None
    elif type(node) in _SHIFTS:
        inner = _moment(node.this, start, end)
        value = _shifted(inner, node, _SHIFTS[type(node)]) if inner else None
    return value


def _shifted(value: datetime, node: exp.Expr, sign: int) -> datetime:
    by, unit = node.args["expression"], node.text("unit")
    if isinstance(by, exp.Interval):
        by, unit = by.this, by.text("unit")
    count = sign * int(by.name if not isinstance(by, exp.Neg) else f"-{by.this.name}")
    return Grain((unit or "day").lower()).shift(value, count)


def _read(text: str) -> datetime | None:
    value = datetime.fromisoformat(text)
    return None if value.tzinfo else value
