"""BigQuery SQL to DuckDB SQL: sqlglot's translation, corrected where it is silently wrong.

``REWRITES`` is a table of the corrections: what is replaced, and by what. Each restores what BigQuery documents;
the cases were found by comparing answers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import sqlglot
from sqlglot import exp

from aggregator.core.names import TableName
from aggregator.engines.duckdb import aliases, arrays, bits, lists, sketches
from aggregator.engines.duckdb.outside import refuse_outside
from aggregator.engines.duckdb.trees import call, one

MACROS = (
    "_divide(x, y) AS CASE WHEN y = 0 AND x IS NOT NULL THEN error('division by zero') ELSE x / y END",
    "_div(x, y) AS CASE WHEN y = 0 AND x IS NOT NULL THEN error('division by zero') ELSE x // y END",
    "_position(text, n) AS CASE WHEN n = 0 OR n < -length(text) THEN 1 ELSE n END",
    # Only floats must be rounded: as one, a great integer would lose digits.
    (
        "_integer(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)"
        " ELSE CAST(x AS BIGINT) END"
    ),
    (
        "_safe_integer(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT')"
        " THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT) ELSE TRY_CAST(x AS BIGINT) END"
    ),
    "_week(day, first) AS (dayofyear(day) + 6 - (dayofweek(day) - first + 7) % 7) // 7",
    # A local time that occurs twice is the first of the two, where the offset of three hours before still holds.
    "_offset_before(moment, zone) AS timezone(zone, moment - INTERVAL 3 HOUR) + INTERVAL 3 HOUR",
    (
        "_instant(moment, zone) AS CASE WHEN timezone(zone, _offset_before(moment, zone)) = moment"
        " THEN _offset_before(moment, zone) ELSE timezone(zone, moment) END"
    ),
    "_floor(unit, instant, zone) AS instant - (timezone(zone, instant) - date_trunc(unit, timezone(zone, instant)))",
    *arrays.MACROS,
    *bits.MACROS,
    *lists.MACROS,
    *sketches.MACROS,
)
"""Functions that the rewritten SQL calls."""

_TIME_UNITS = frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"})
_INTEGERS = frozenset(exp.DataType.SIGNED_INTEGER_TYPES)
_DECIMALS = frozenset({exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL})
_WEEKS = {"WEEK": 0, "SUNDAY": 0, "MONDAY": 1, "TUESDAY": 2, "WEDNESDAY": 3, "THURSDAY": 4, "FRIDAY": 5, "SATURDAY": 6}
"""On which day a week begins: ``EXTRACT(WEEK(MONDAY) FROM day)``."""
Rewrite = Callable[[exp.Expr], exp.Expr]


def _count_if(node: exp.Expr) -> exp.Expr:
    """COUNTIF over no rows, or over NULLs only, is 0; DuckDB's count_if is NULL and a HUGEINT."""
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=node.this))


def _division(node: exp.Expr) -> exp.Expr:
    """X / 0 is an error, not infinity."""
    return exp.Anonymous(this="_divide", expressions=[node.this, node.expression])


def _whole_division(node: exp.Expr) -> exp.Expr:
    """By a macro: sqlglot writes an operator, without parentheses around what was an argument."""
    return call("_div", node.this, node.expression)


def _as_date(node: exp.Expr) -> exp.Expr:
    """Arithmetic on a DATE stays a DATE; DuckDB makes it a TIMESTAMP."""
    return node if node.text("unit").upper() in _TIME_UNITS else exp.cast(node, "DATE")


def _date_trunc(node: exp.Expr) -> exp.Expr:
    """With a zone it is of a TIMESTAMP, and stays one; sqlglot forgets the zone."""
    if node.args.get("zone"):
        return _timestamp_trunc(exp.TimestampTrunc(**node.args))
    return _as_date(node)


def _numeric(node: exp.Expr) -> exp.Expr:
    """NUMERIC has 9 digits after the point; DuckDB's DECIMAL has 3."""
    assert isinstance(node, exp.DataType)  # noqa: S101
    if node.expressions:
        return node
    if node.this == exp.DataType.Type.DECIMAL:
        return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
    if node.this == exp.DataType.Type.BIGDECIMAL:
        return exp.DataType.build("DECIMAL(38, 18)", dialect="duckdb")
    return node


def _float_literal(node: exp.Expr) -> exp.Expr:
    """A literal with a point is a FLOAT64, unless it becomes a NUMERIC at once; DuckDB reads it as DECIMAL."""
    assert isinstance(node, exp.Literal)  # noqa: S101
    if node.is_string or "." not in node.this:
        return node
    parent = node.parent
    is_exact = isinstance(parent, exp.Cast) and parent.to.this in _DECIMALS
    return node if is_exact else exp.cast(node, "DOUBLE")


def _cast(node: exp.Expr) -> exp.Expr:
    """Halves are rounded away from zero; DuckDB rounds those of floats to the even number.

    No BYTES at all may stand for a sketch, which is an array here.
    """
    assert isinstance(node, exp.Cast)  # noqa: S101
    if node.to.this == exp.DataType.Type.BINARY and isinstance(node.this, exp.Null):
        return exp.null()
    if node.to.this not in _INTEGERS:
        return node
    return call("_safe_integer" if isinstance(node, exp.TryCast) else "_integer", node.this)


def _timestamp_diff(node: exp.Expr) -> exp.Expr:
    """TIMESTAMP_DIFF counts whole units elapsed, not boundaries crossed."""
    return call("date_sub", _lower(node.text("unit")), node.expression, node.this)


def _timestamp(node: exp.Expr) -> exp.Expr:
    """A local time that occurs twice is the first of the two; DuckDB takes the second."""
    zone = node.args.get("zone")
    return call("_instant", exp.cast(node.this, "TIMESTAMP", dialect="duckdb"), zone) if zone else node


def _timestamp_trunc(node: exp.Expr) -> exp.Expr:
    """Hours and days begin on the clock of the zone, which may differ from UTC by half an hour, or occur twice."""
    zone, unit = node.args.get("zone"), node.text("unit")
    if not zone:
        return node
    if unit.upper() in _TIME_UNITS:
        return call("_floor", _lower(unit), node.this, zone)
    local = exp.TimestampTrunc(this=exp.AtTimeZone(this=node.this, zone=zone), unit=node.args["unit"])
    return call("_instant", local, zone.copy())


def _format_timestamp(node: exp.Expr) -> exp.Expr:
    """The text shows the clock of the zone; sqlglot forgets it."""
    zone = node.args.get("zone")
    if zone and isinstance(node.this, exp.TsOrDsToTimestamp):
        node.this.set("this", exp.AtTimeZone(this=node.this.this, zone=zone))
        node.set("zone", None)
    return node


def _extract(node: exp.Expr) -> exp.Expr:
    """DAYOFWEEK counts from Sunday = 1, WEEK from the first Sunday; there is ISOWEEK; fractions lack the seconds."""
    part, moment = (node.name or node.this.name).upper(), node.expression
    if part in _WEEKS:
        return call("_week", moment, exp.Literal.number(_WEEKS[part]))
    match part:
        case "DAYOFWEEK":
            return exp.paren(exp.Add(this=exp.Extract(this=exp.var("DOW"), expression=moment), expression=one()))
        case "ISOWEEK":
            return exp.Extract(this=exp.var("WEEK"), expression=moment)
        case "MILLISECOND" | "MICROSECOND":
            size = 1_000 if part == "MILLISECOND" else 1_000_000
            return exp.paren(exp.Mod(this=node.copy(), expression=exp.Literal.number(size)))
        case "DATE":
            return exp.cast(moment, "DATE")
    return node


def _substring(node: exp.Expr) -> exp.Expr:
    """Position 0 means 1, and so does one from before the beginning."""
    start = node.args.get("start")
    if start is not None and not (isinstance(start, exp.Literal) and start.name != "0"):
        node.set("start", call("_position", node.this.copy(), start))
    return node


def _lower(unit: str) -> exp.Expr:
    return exp.Literal.string(unit.lower())


def _distinct(node: exp.Expr) -> exp.Expr:
    """Structs can be told apart directly; BigQuery needs TO_JSON_STRING for it."""
    items = node.expressions
    if len(items) == 1 and isinstance(items[0], exp.JSONFormat) and isinstance(items[0].this, exp.Struct):
        fields = [each.expression if isinstance(each, exp.PropertyEQ) else each for each in items[0].this.expressions]
        return exp.Distinct(expressions=[exp.Tuple(expressions=[each.copy() for each in fields])])
    return node


def _latest(node: exp.Expr) -> exp.Expr:
    """MAX_BY gives the value of the row that has the greatest key, also if it is NULL."""
    return call("arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null", node.this, node.expression)


REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.CountIf: _count_if,
    exp.Div: _division,
    exp.IntDiv: _whole_division,
    exp.DateAdd: _as_date,
    exp.DateSub: _as_date,
    exp.DateTrunc: _date_trunc,
    exp.DataType: _numeric,
    exp.Literal: _float_literal,
    exp.TimestampDiff: _timestamp_diff,
    exp.TimestampTrunc: _timestamp_trunc,
    exp.Timestamp: _timestamp,
    exp.TimeToStr: _format_timestamp,
    exp.Extract: _extract,
    exp.Bracket: arrays.item,
    exp.Substring: _substring,
    exp.Unnest: arrays.unnest,
    exp.Distinct: _distinct,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.ArrayAgg: arrays.collected,
    exp.IgnoreNulls: arrays.collected_without_nulls,
    exp.ArrayConcatAgg: arrays.concatenated,
    exp.Select: aliases.spelt_out,
    exp.BitwiseLeftShift: bits.shift_left,
    exp.BitwiseRightShift: bits.shift_right,
    exp.BitwiseCount: bits.count,
    exp.ArgMax: _latest,
    exp.ArgMin: _latest,
    exp.Dot: sketches.sketch,
    exp.Subquery: lists.scalar,
    exp.Array: lists.array,
}


@functools.lru_cache(maxsize=4096)
def to_duckdb(sql: str) -> str:
    """Translate a query, or an expression in a SELECT; parameters ``@start`` become ``$start``.

    Raises :class:`~aggregator.engines.protocol.QueryError` where it calls a function that only the warehouse has.
    """
    tree = sqlglot.parse_one(sql, read="bigquery")
    refuse_outside(tree)
    return _rewritten(bits.regroup(tree)).sql(dialect="duckdb")


def expression_to_duckdb(sql: str) -> str:
    """Translate an expression."""
    return to_duckdb(f"SELECT {sql}").removeprefix("SELECT ")


def with_columns(sql: str, table: TableName, columns: Mapping[str, str]) -> str:
    """Let a query, in BigQuery's SQL, read a table as if it had more columns, of these types and all NULL."""
    tree = sqlglot.parse_one(sql, read="bigquery")
    nulls = [exp.alias_(exp.cast(exp.null(), type_, dialect="bigquery"), name) for name, type_ in columns.items()]
    for node in list(tree.find_all(exp.Table)):
        if (node.db, node.name) == (table.dataset, table.table):
            inner = node.copy()
            inner.set("alias", None)
            node.replace(exp.select("*", *nulls).from_(inner).subquery(node.alias_or_name))
    return tree.sql(dialect="bigquery")


def type_to_duckdb(bigquery_type: str) -> str:
    """Translate a column type."""
    if not bigquery_type:
        return "VARCHAR"
    return _rewritten(exp.DataType.build(bigquery_type, dialect="bigquery")).sql(dialect="duckdb")


def _rewritten(tree: exp.Expr) -> exp.Expr:
    """The inner nodes first, so that what stands inside a rewritten node is rewritten too."""
    for node in reversed(list(tree.walk())):
        rewrite = REWRITES.get(type(node))
        better = rewrite(node) if rewrite else node
        if better is node:
            continue
        if node is tree:
            return better
        node.replace(better)
    return tree
