"""INTERVAL as a value: months, days and microseconds, each with its own sign, as DuckDB keeps them, too."""

from __future__ import annotations

import functools

from sqlglot import exp

from aggregator.engines.duckdb.dialect.interval_texts import DAY_US, MOST_DAYS, MOST_MONTHS, PARTS, SIZES, parsed, place
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call
from aggregator.engines.protocol import QueryError

PART_MACROS = (
    "_months(x) AS 12 * year(x) + month(x)",
    "_clock_us(x) AS hour(x) * 3600000000 + minute(x) * 60000000 + microsecond(x)",
)
"""Functions for the parts. They stand in aggregates, where DuckDB fails on arguments that are lambdas."""

MACROS = (
    *PART_MACROS,
    (
        f"_is_interval(months, days, us) AS months BETWEEN {-MOST_MONTHS} AND {MOST_MONTHS}"
        f" AND days BETWEEN {-MOST_DAYS} AND {MOST_DAYS}"
        f" AND us BETWEEN {-MOST_DAYS * DAY_US} AND {MOST_DAYS * DAY_US}"
    ),
    # What is out of BigQuery's range, DuckDB would still hold.
    (
        "_interval(months, days, us) AS CASE WHEN NOT _is_interval(months, days, us)"
        " THEN error('Interval overflow: a part of it is out of range')"
        " ELSE to_months(CAST(months AS INTEGER)) + to_days(CAST(days AS INTEGER))"
        " + to_microseconds(CAST(us AS BIGINT)) END"
    ),
    "_interval_checked(x) AS _interval(_months(x), day(x), _clock_us(x))",
    (
        "_interval_times(x, n) AS _interval(CAST(_months(x) AS HUGEINT) * n, CAST(day(x) AS HUGEINT) * n,"
        " CAST(_clock_us(x) AS HUGEINT) * n)"
    ),
    "_days_to_divide(x, n) AS day(x) + (_months(x) % n) * 30",
    (
        "_interval_over(x, n) AS CASE WHEN n = 0 AND x IS NOT NULL THEN error('Interval division by zero')"
        " ELSE _interval(_months(x) // n, _days_to_divide(x, n) // n,"
        f" (CAST(_clock_us(x) AS HUGEINT) + (_days_to_divide(x, n) % n) * {DAY_US}) // n) END"
    ),
    # What is of another sign than what is counted in greater units takes one of these.
    "_borrowed(high, low) AS CASE WHEN high > 0 AND low < 0 THEN 1 WHEN high < 0 AND low > 0 THEN -1 ELSE 0 END",
    f"_with_hours(m, d, us) AS _interval(m, d - _borrowed(d, us), us + _borrowed(d, us) * {DAY_US})",
    "_with_days(m, d, us) AS _interval(m - _borrowed(m, d), d + _borrowed(m, d) * 30, us)",
    "_rest(d, us) AS CASE WHEN d = 0 THEN us ELSE d END",
    "_with_both(m, d, us) AS _with_hours(m - _borrowed(m, _rest(d, us)), d + _borrowed(m, _rest(d, us)) * 30, us)",
    f"_justify_hours(x) AS _with_hours(_months(x), day(x) + _clock_us(x) // {DAY_US}, _clock_us(x) % {DAY_US})",
    "_justify_days(x) AS _with_days(_months(x) + day(x) // 30, day(x) % 30, _clock_us(x))",
    f"_whole_days(x) AS day(x) + _clock_us(x) // {DAY_US}",
    (
        "_justify_interval(x) AS _with_both(_months(x) + _whole_days(x) // 30, _whole_days(x) % 30,"
        f" _clock_us(x) % {DAY_US})"
    ),
    "_cast_interval(read) AS CAST(CASE WHEN read = '' THEN error('Invalid INTERVAL value') ELSE read END AS INTERVAL)",
    "_safe_cast_interval(read) AS CAST(nullif(read, '') AS INTERVAL)",
    # DuckDB turns what two moments differ by into days, also below zero.
    "_us_between(x, y) AS to_microseconds(epoch_us(x) - epoch_us(y))",
    (
        f"_days_between(x, y) AS to_days(CAST((epoch_us(x) - epoch_us(y)) // {DAY_US} AS INTEGER))"
        f" + to_microseconds((epoch_us(x) - epoch_us(y)) % {DAY_US})"
    ),
    (
        "_no_months(x) AS CASE WHEN _months(x) <> 0 THEN"
        " error('TIMESTAMP +/- INTERVAL is not supported for intervals with non-zero MONTH or YEAR part') ELSE x END"
    ),
)
"""Functions that the rewritten SQL calls."""

TEXT_MACROS = (
    "_sign_text(n) AS CASE WHEN n < 0 THEN '-' ELSE '' END",
    (
        "_fraction_text(us) AS CASE WHEN us % 1000000 = 0 THEN '' WHEN us % 1000 = 0"
        " THEN printf('.%03d', us % 1000000 // 1000) ELSE printf('.%06d', us % 1000000) END"
    ),
    (
        "_clock_text(us) AS _sign_text(us) || abs(us) // 3600000000 || ':' || abs(us) // 60000000 % 60"
        " || ':' || abs(us) // 1000000 % 60 || _fraction_text(abs(us))"
    ),
    (
        "_interval_text(x) AS _sign_text(_months(x)) || abs(_months(x)) // 12 || '-' || abs(_months(x)) % 12"
        " || ' ' || day(x) || ' ' || _clock_text(_clock_us(x))"
    ),
    "_part_text(n, letter) AS CASE WHEN n = 0 THEN '' ELSE CAST(n AS VARCHAR) || letter END",
    (
        "_seconds_text(us) AS CASE WHEN us % 60000000 = 0 THEN '' ELSE _sign_text(us) || abs(us) // 1000000 % 60"
        " || CASE WHEN us % 1000000 = 0 THEN '' ELSE rtrim(_fraction_text(abs(us)), '0') END || 'S' END"
    ),
    (
        "_interval_iso(x) AS CASE WHEN _months(x) = 0 AND day(x) = 0 AND _clock_us(x) = 0 THEN 'P0Y' ELSE 'P'"
        " || _part_text(year(x), 'Y') || _part_text(month(x), 'M') || _part_text(day(x), 'D')"
        " || CASE WHEN _clock_us(x) = 0 THEN '' ELSE 'T' END || _part_text(hour(x), 'H')"
        " || _part_text(minute(x), 'M') || _seconds_text(_clock_us(x)) END"
    ),
)
"""Those by which values are written."""

_KIND = exp.DataType.Type.INTERVAL
_TIMESTAMPS = frozenset({exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ})
_DIFFERENCES = {
    **dict.fromkeys(_TIMESTAMPS, ("_us_between", "TIMESTAMPTZ")),
    exp.DataType.Type.DATE: ("_days_between", "TIMESTAMP"),
    exp.DataType.Type.DATETIME: ("_days_between", "TIMESTAMP"),
    exp.DataType.Type.TIMESTAMP: ("_days_between", "TIMESTAMP"),
    exp.DataType.Type.TIME: ("_us_between", "TIME"),
}
_MOVING = (exp.Add, exp.Sub, exp.DateAdd, exp.DateSub, exp.GenerateDateArray, exp.GenerateTimestampArray, exp.Anonymous)
"""What moves moments by an INTERVAL: they are out of range before it is."""

_MONTHS = ("MONTH", "QUARTER", "YEAR")


def is_interval(node: exp.Expr | None) -> bool:
    """Whether a value is an INTERVAL."""
    return isinstance(node, exp.Interval) or kind_of(node) is _KIND


def literal(node: exp.Expr) -> exp.Expr:
    """INTERVAL of several parts, as ``'1-2 3' YEAR TO DAY``, or of a number, which must be in its range."""
    unit, value = node.args.get("unit"), node.this
    span = (unit.this.name, unit.expression.name) if isinstance(unit, exp.IntervalSpan) else (node.text("unit"),) * 2
    if not isinstance(value, exp.Literal):
        return node if isinstance(node.parent, _MOVING) else call("_interval_checked", node.copy())
    if isinstance(unit, exp.IntervalSpan) or (value.is_string and "." in value.name):
        try:
            months, days, us = parsed(value.name, *map(str.upper, span))
        except ValueError:
            raise QueryError(f"Invalid INTERVAL value '{value.name}'") from None
        return call("_interval", exp.convert(months), exp.convert(days), exp.convert(us))
    return node if isinstance(node.parent, _MOVING) else call("_interval_checked", node.copy())


def added(node: exp.Expr) -> exp.Expr:
    """Two moments differ by an INTERVAL, in days and time but for TIMESTAMPs; these are not moved by months."""
    kinds = kind_of(node.this), kind_of(node.expression)
    if isinstance(node, exp.Sub) and kinds[0] is kinds[1] and kinds[0] in _DIFFERENCES:
        name, as_type = _DIFFERENCES[kinds[0]]
        return _typed(call(name, *(exp.cast(side, as_type, dialect="duckdb") for side in (node.this, node.expression))))
    if is_interval(node.this) and is_interval(node.expression):
        return _typed(call("_interval_checked", exp.paren(node.copy())))
    if _TIMESTAMPS.intersection(kinds):
        for side in (node.this, node.expression):
            if isinstance(side, exp.Interval) and side.text("unit").upper() in _MONTHS:
                raise QueryError("a TIMESTAMP is not moved by months or years; a DATETIME is")
            if is_interval(side) and not isinstance(side, exp.Interval):
                side.replace(call("_no_months", side.copy()))
    return node


def product(node: exp.Expr) -> exp.Expr:
    """INTERVAL times INT64: each part by itself."""
    one, other = (node.this, node.expression) if is_interval(node.this) else (node.expression, node.this)
    return _typed(call("_interval_times", one, other)) if is_interval(one) else node


def quotient(node: exp.Expr) -> exp.Expr:
    """INTERVAL by INT64: what is left of months goes to the days, and what is left of these to the time."""
    return _typed(call("_interval_over", node.this, node.expression)) if is_interval(node.this) else node


def total(node: exp.Expr) -> exp.Expr:
    """SUM of INTERVALs: each part by itself."""
    item = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if not is_interval(item):
        return node
    if item is not node.this:
        raise QueryError(f"{node.key.upper()} of DISTINCT INTERVALs is not translated for the embedded engine")
    return node if isinstance(node.parent, exp.Window) else _typed(call("_interval", *_sums(item)))


def windowed(node: exp.Expr) -> exp.Expr:
    """SUM of INTERVALs over a window, and AVG: the sum, divided."""
    if not isinstance(node.this, (exp.Sum, exp.Avg)) or not is_interval(node.this.this):
        return node
    *sums, number = [node.copy() for _ in range(4)]
    for window, part in zip(sums, _sums(node.this.this), strict=True):
        window.set("this", part)
    total_ = _typed(call("_interval", *sums))
    if isinstance(node.this, exp.Sum):
        return total_
    number.set("this", exp.Count(this=node.this.this.copy()))
    return _typed(call("_interval_over", total_, number))


def _sums(item: exp.Expr) -> list[exp.Expr]:
    return [exp.Sum(this=call(name, item.copy())) for name in ("_months", "day", "_clock_us")]


def average(node: exp.Expr) -> exp.Expr:
    """AVG of INTERVALs: their SUM, divided."""
    summed = total(node)
    if summed is node or isinstance(node.parent, exp.Window):
        return node
    return _typed(call("_interval_over", summed, exp.Count(this=node.this.copy())))


def from_text(node: exp.Expr) -> exp.Expr:
    """A text has several parts, as ``1-2 3 4:5:6``, or is as ISO 8601 has it."""
    if is_interval(node.this):
        return node
    name = "_safe_cast_interval" if isinstance(node, exp.TryCast) else "_cast_interval"
    return call(name, call("_py_interval", node.this))


def made(node: exp.Expr) -> exp.Expr:
    """MAKE_INTERVAL, also of values that are not written out."""
    given = {part: node.args.get(part.lower()) for part in PARTS}
    terms: list[list[exp.Expr]] = [[], [], []]
    for part, each in given.items():
        if each is not None:
            value = exp.cast(each.expression if isinstance(each, exp.Kwarg) else each, "HUGEINT", dialect="duckdb")
            terms[place(part)].append(exp.Mul(this=value, expression=exp.convert(SIZES[part])))
    return call("_interval", *(functools.reduce(_plus, each) if each else exp.convert(0) for each in terms))


def _plus(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return exp.Add(this=one, expression=other)


def _typed(node: exp.Expr) -> exp.Expr:
    node._type = exp.DataType(this=_KIND)  # noqa: SLF001  (the setter parses)
    return node
