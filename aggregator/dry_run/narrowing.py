"""Which partitions a condition leaves of those that a query could read.

BigQuery passes over a partition where WHERE says of the partition column alone, beside what is constant, that no row of
it can be meant. So it does with a condition on a subquery, if that only hands the column on. Understood are comparisons
of the column, or of a function that keeps its order, with literals, parameters, and these moved by days, hours and the
like; AND, OR, BETWEEN and IN of those. Whatever else there is may leave less, and is told.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlglot import exp

from aggregator.compile.pipes import tree_of
from aggregator.dry_run.conditions import is_tested
from aggregator.dry_run.monotone import Value, image_of, is_monotone, is_year

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar

_UNITS = {"MICROSECOND": "microseconds", "MILLISECOND": "milliseconds", "SECOND": "seconds", "MINUTE": "minutes"} | {
    "HOUR": "hours",
    "DAY": "days",
    "WEEK": "weeks",
}
_MOVES: Mapping[type[exp.Expr], int] = {
    exp.DateAdd: 1,
    exp.DateSub: -1,
    exp.DatetimeAdd: 1,
    exp.DatetimeSub: -1,
    exp.TimestampAdd: 1,
    exp.TimestampSub: -1,
}
_CONVERSIONS = (exp.Cast, exp.Date, exp.Timestamp, exp.TsOrDsToDatetime)
"""What makes a date or a moment of a text: ``DATE '…'``, ``TIMESTAMP('…')`` and their like."""

_BLOCKS = ("group", "distinct", "limit", "qualify", "having", "pivots")
"""Clauses through which conditions are not put to the rows before, or not surely."""


class _Span(NamedTuple):
    """The values of a partition, both ends included."""

    first: Value
    last: Value


class _NotUnderstood(Exception):  # noqa: N818  (no error: an answer)
    """A condition of which nothing can be said."""


class Narrowed(NamedTuple):
    """The partitions that are left; ``is_certain`` where no other condition may leave fewer."""

    partitions: tuple[str, ...]
    is_certain: bool


def narrowed(
    sql: str, table: str, calendar: Calendar, partitions: Iterable[str], parameters: Mapping[str, Any]
) -> Narrowed | None:
    """Those of some partitions that a query reads of a table, by its conditions; None where it has none of this kind.

    ``parameters`` are the values of those of the query.
    """
    found = _conditions(sql, table, calendar.column)
    if not found.each_mention or not all(found.each_mention):
        return None  # somewhere it is read without

    def is_left(partition: str) -> bool:
        span = _span(calendar, partition)
        return any(all(_holds(test, span, parameters) for test in conditions) for conditions in found.each_mention)

    try:
        return Narrowed(tuple(each for each in partitions if is_left(each)), found.is_all)
    except (_NotUnderstood, TypeError, ValueError):  # such as a date compared with a moment
        return None


class _Conditions(NamedTuple):
    """For each mention of a table in a query, the conditions that are understood; whether those are all."""

    each_mention: tuple[tuple[exp.Expr, ...], ...]
    is_all: bool


@functools.lru_cache(maxsize=4096)
def _conditions(sql: str, table: str, column: str) -> _Conditions:
    tree = tree_of(sql)
    mentions = [each for each in tree.find_all(exp.Table) if f"{each.db}.{each.name}".casefold() == table.casefold()]
    found = tuple(tuple(_put_to(each, column)) for each in mentions)
    for condition in {id(each): each for conditions in found for each in conditions}.values():
        condition.replace(exp.true())
    return _Conditions(found, not is_tested(tree.sql("bigquery"), table, column))


def _put_to(source: exp.Expr, column: str) -> Iterator[exp.Expr]:
    """The conditions that rows of a table, or of a subquery that stands for it, are put to, by one column alone."""
    place = source.parent
    select = place.parent if isinstance(place, exp.From | exp.Join) else None
    if not isinstance(select, exp.Select) or not _keeps_rows_of(source, select):
        return
    is_alone = not select.args.get("joins")
    for condition in _conjuncts(select):
        if _is_about(condition, source.alias_or_name, column, is_alone=is_alone) and _is_understood(condition):
            yield condition
    outer = select.parent
    if isinstance(outer, exp.Subquery | exp.CTE) and not _blocks(select):
        name = _handed_on(select, source.alias_or_name, column, is_alone=is_alone)
        reader = _only_reader(outer) if name else None
        if name and reader is not None:
            yield from _put_to(reader, name)


def _blocks(select: exp.Select) -> bool:
    """Whether conditions on the result can't be put to the rows before."""
    has_windows = any(each.find(exp.Window) is not None for each in select.expressions)
    return has_windows or any(select.args.get(each) for each in _BLOCKS)


def _conjuncts(select: exp.Select) -> Iterable[exp.Expr]:
    where = select.args.get("where")
    if where is None:
        return ()
    return where.this.flatten() if isinstance(where.this, exp.And) else (where.this,)


def _keeps_rows_of(source: exp.Expr, select: exp.Select) -> bool:
    """Whether a WHERE says which rows of a source are read: not where an outer join makes up for those that are not."""
    joins = select.args.get("joins") or ()
    inner = all(not each.side and each.kind in ("", "INNER", "CROSS") for each in joins)
    return inner and bool(source.alias_or_name or not joins)


def _only_reader(query: exp.Expr) -> exp.Expr | None:
    """Where the rows of a subquery, or of a query of WITH that is read once, go to."""
    if isinstance(query, exp.Subquery):
        return query
    root = query.root()
    readers = [
        each for each in root.find_all(exp.Table) if not each.db and each.name.casefold() == query.alias.casefold()
    ]
    return readers[0] if len(readers) == 1 else None


def _handed_on(select: exp.Select, source: str, column: str, *, is_alone: bool) -> str:
    """Under which name a SELECT hands a column on as it is; empty where it does not."""
    for each in select.expressions:
        inner = each.unalias()
        if isinstance(each, exp.Star) and is_alone and not (each.args.get("except_") or each.args.get("replace")):
            return column
        owners = {source.casefold(), *([""] if is_alone else [])}
        if (
            isinstance(inner, exp.Column)
            and inner.name.casefold() == column.casefold()
            and inner.table.casefold() in owners
        ):
            return str(each.alias_or_name)
    return ""


def _is_about(condition: exp.Expr, source: str, column: str, *, is_alone: bool) -> bool:
    """Whether a condition names one column of a source, and no other."""
    columns = list(condition.find_all(exp.Column))
    owners = {source.casefold(), *([""] if is_alone else [])}
    return bool(columns) and all(
        each.name.casefold() == column.casefold() and each.table.casefold() in owners for each in columns
    )


def _is_understood(condition: exp.Expr) -> bool:
    """Whether all of a condition is of a kind that is known, whatever the values."""
    if isinstance(condition, exp.Paren):
        return _is_understood(condition.this)
    if isinstance(condition, exp.And | exp.Or):
        return _is_understood(condition.this) and _is_understood(condition.expression)
    if isinstance(condition, exp.Between):
        return _are_compared(condition.this, condition.args["low"], condition.args["high"])
    if isinstance(condition, exp.In):
        listed = condition.expressions
        return bool(listed) and _are_compared(condition.this, *listed)
    if type(condition) not in _TESTS:
        return False
    left, right = condition.this, condition.expression
    return _are_compared(left, right) or _are_compared(right, left)


def _are_compared(of_column: exp.Expr, *constants: exp.Expr) -> bool:
    """Whether something made from the column stands beside constants. Years are numbers, and nothing else is."""
    if not is_monotone(of_column):
        return False
    if is_year(of_column):
        return all(isinstance(each, exp.Literal) and each.is_int for each in constants)
    return all(_is_one_constant(each) for each in constants)


def _is_one_constant(node: exp.Expr) -> bool:
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    if isinstance(node, _CONVERSIONS):
        return isinstance(node.this, exp.Literal) and node.this.is_string and node.args.get("zone") is None
    if type(node) in _MOVES:
        unit = node.args.get("unit")
        return unit is not None and unit.name.upper() in _UNITS and _is_one_constant(node.this)
    return isinstance(node, exp.Parameter)


_TESTS: Mapping[type[exp.Expr], Callable[[_Span, Value], bool]] = {
    exp.EQ: lambda span, value: span.first <= value <= span.last,
    exp.GT: lambda span, value: span.last > value,
    exp.GTE: lambda span, value: span.last >= value,
    exp.LT: lambda span, value: span.first < value,
    exp.LTE: lambda span, value: span.first <= value,
}
"""Whether some value of a span stands in such a relation to a value."""

_TURNED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


def _holds(condition: exp.Expr, span: _Span, parameters: Mapping[str, Any]) -> bool:
    """Whether a condition may hold of a row of a partition. Raises :class:`_NotUnderstood`, TypeError, ValueError."""
    if isinstance(condition, exp.Paren):
        return _holds(condition.this, span, parameters)
    if isinstance(condition, exp.And | exp.Or):
        both = (_holds(each, span, parameters) for each in (condition.this, condition.expression))
        return all(both) if isinstance(condition, exp.And) else any(both)
    return _compares(condition, span, parameters)


def _compares(condition: exp.Expr, span: _Span, parameters: Mapping[str, Any]) -> bool:
    is_turned = not is_monotone(condition.this)
    image = image_of(condition.expression if is_turned else condition.this)
    span = _Span(image(span.first), image(span.last))

    def value(node: exp.Expr) -> Value:
        return _value(node, span.first, parameters)

    if isinstance(condition, exp.Between):
        return span.last >= value(condition.args["low"]) and span.first <= value(condition.args["high"])
    if isinstance(condition, exp.In):
        return any(_TESTS[exp.EQ](span, value(each)) for each in condition.expressions)
    kind = type(condition)
    if is_turned:
        return _TESTS[_TURNED[kind]](span, value(condition.this))
    return _TESTS[kind](span, value(condition.expression))


def _value(node: exp.Expr, like: Value, parameters: Mapping[str, Any]) -> Value:
    """A constant as a value of what it is compared with, of which ``like`` is one."""
    if isinstance(node, exp.Parameter):
        found = parameters.get(node.name)
        if type(found) is not type(like):
            raise _NotUnderstood
        return found
    if isinstance(node, _CONVERSIONS):
        return _value(node.this, like, parameters)
    if isinstance(node, exp.Literal) and node.is_int:
        return date(int(node.name), 1, 1)  # of a year, as the function's own values are
    if isinstance(node, exp.Literal):
        if not isinstance(like, datetime):
            return date.fromisoformat(node.name)
        moment = datetime.fromisoformat(node.name)
        return moment.replace(tzinfo=UTC) if like.tzinfo is not None and moment.tzinfo is None else moment
    amount = int(node.expression.name) * _MOVES[type(node)]
    moved: Value = _value(node.this, like, parameters) + timedelta(**{_UNITS[node.args["unit"].name.upper()]: amount})
    return moved


def _span(calendar: Calendar, partition: str) -> _Span:
    start = calendar.parse(partition)
    first, end = calendar.value(start), calendar.value(calendar.next(start))
    unit = timedelta(microseconds=1) if isinstance(end, datetime) else timedelta(days=1)
    return _Span(first, end - unit)
