"""Corrections of what means several things: which of them, is told by the types of what it is used on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from sqlglot import exp

from aggregator.engines.duckdb import lists
from aggregator.engines.duckdb.dialect import (
    aliases,
    floats,
    intervals,
    moment_casts,
    moments,
    numbers,
    ordering,
    overflow,
    pivoting,
    spread,
    struct_stars,
    texts,
)
from aggregator.engines.duckdb.dialect.typing import kind_of
from aggregator.engines.duckdb.trees import call, cast

_INTEGERS = frozenset(exp.DataType.SIGNED_INTEGER_TYPES)
_DECIMALS = frozenset({exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL})
Rewrite = Callable[[exp.Expr], exp.Expr]


def count_if(node: exp.Expr) -> exp.Expr:
    """COUNTIF over no rows, or over NULLs only, is 0; DuckDB's count_if is NULL and a HUGEINT."""
    if isinstance(node.this, exp.Distinct):
        return exp.Filter(this=exp.Count(this=node.this), expression=exp.Where(this=node.this.expressions[0].copy()))
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=node.this))


def numeric(node: exp.Expr) -> exp.Expr:
    """NUMERIC has 9 digits after the point; DuckDB's DECIMAL has 3."""
    assert isinstance(node, exp.DataType)  # noqa: S101
    if node.expressions:
        return node
    if node.this == exp.DataType.Type.DECIMAL:
        return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
    if node.this == exp.DataType.Type.BIGDECIMAL:
        return exp.DataType.build("DECIMAL(38, 18)", dialect="duckdb")
    return node


def float_literal(node: exp.Expr) -> exp.Expr:
    """A literal with a point is a FLOAT64, unless it meets or becomes a NUMERIC; DuckDB reads it as DECIMAL."""
    assert isinstance(node, exp.Literal)  # noqa: S101
    if node.is_string or node.is_int:
        return node
    parent = node.parent
    if isinstance(parent, exp.Cast) and parent.to.this in _DECIMALS:
        return exp.Literal.number(f"{Decimal(node.name):f}")  # 1e19 is a DOUBLE to DuckDB, which is only near
    if "." not in node.name:
        return node
    is_numeric = False
    if isinstance(parent, exp.Binary):
        is_numeric = kind_of(parent.expression if node.arg_key == "this" else parent.this) in _DECIMALS
    return cast(node, "DECIMAL(38, 9)" if is_numeric else "DOUBLE")


def cast_as(node: exp.Expr) -> exp.Expr:
    """Halves are rounded away from zero; DuckDB rounds those of floats to the even number.

    No BYTES at all may stand for a sketch, which is an array here.
    """
    assert isinstance(node, exp.Cast)  # noqa: S101
    if node.to.this == exp.DataType.Type.BINARY and isinstance(node.this, exp.Null):
        return exp.null()
    kind = node.to.this
    if kind_of(node.this) is kind and kind in _AS_THEY_ARE:
        return node if kind in _INTEGERS else node.this
    if kind in _CASTS:
        return _CASTS[kind](node)
    if kind not in _INTEGERS and kind != exp.DataType.Type.BOOLEAN:
        return node
    name = "bool" if kind == exp.DataType.Type.BOOLEAN else "integer"
    return call(f"_safe_{name}" if isinstance(node, exp.TryCast) else f"_{name}", node.this)


_AS_THEY_ARE = frozenset({*_INTEGERS, *exp.DataType.TEXT_TYPES, exp.DataType.Type.BOOLEAN})
"""What is of such a type needs no cast to it, but that DuckDB's own integers can be shorter."""


def _time_cast(node: exp.Expr) -> exp.Expr:
    """A text must be as BigQuery reads it; TIME of a TIMESTAMP is that on the clock of UTC."""
    better = moment_casts.from_text(node)
    return moments.time_of(node) if better is node else better


_CASTS: dict[exp.DType, Rewrite] = {
    **dict.fromkeys(exp.DataType.TEXT_TYPES, texts.cast_to_text),
    exp.DataType.Type.BINARY: texts.cast_to_bytes,
    **dict.fromkeys((exp.DataType.Type.DOUBLE, *_DECIMALS), numbers.from_text),
    exp.DataType.Type.TIME: _time_cast,
    **dict.fromkeys(
        (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ), moment_casts.from_text
    ),
    exp.DataType.Type.INTERVAL: intervals.from_text,
}


def substring(node: exp.Expr) -> exp.Expr:
    """Position 0 means 1, and so does one from before the beginning; no length is negative."""
    texts.checked("length", node)
    start = node.args.get("start")
    if start is not None and not (isinstance(start, exp.Literal) and start.name != "0"):
        node.set("start", call("_position", node.this.copy(), start))
    return node


def distinct(node: exp.Expr) -> exp.Expr:
    """Structs can be told apart directly; BigQuery needs TO_JSON_STRING for it."""
    items = node.expressions
    if len(items) == 1 and isinstance(items[0], exp.JSONFormat) and isinstance(items[0].this, exp.Struct):
        fields = [each.expression if isinstance(each, exp.PropertyEQ) else each for each in items[0].this.expressions]
        return exp.Distinct(expressions=[exp.Tuple(expressions=[each.copy() for each in fields])])
    return node


def added(node: exp.Expr) -> exp.Expr:
    """Integers that are written out are INT64; DATE + INT64 is a number of days; two moments differ by an INTERVAL."""
    better = intervals.added(node)
    better = numbers.wide(moments.later(node)) if better is node else better
    return overflow.arithmetic(node) if better is node else better


def product(node: exp.Expr) -> exp.Expr:
    """NUMERIC by NUMERIC is rounded to nine digits; INTERVAL by INT64 is computed part by part; integers are INT64."""
    better = intervals.product(node)
    better = numbers.product(node) if better is node else better
    return overflow.arithmetic(node) if better is node else better


def quotient(node: exp.Expr) -> exp.Expr:
    """X / 0 is an error, not infinity; NUMERIC by NUMERIC has nine digits; INTERVAL by INT64 is one."""
    better = intervals.quotient(node)
    return numbers.division(node) if better is node else better


def total(node: exp.Expr) -> exp.Expr:
    """SUM of INTERVALs: each part by itself; of FLOAT64, infinity is an error."""
    better = intervals.total(node)
    return overflow.total(node) if better is node else better


def average(node: exp.Expr) -> exp.Expr:
    """AVG of NUMERIC is NUMERIC, and AVG of INTERVAL is INTERVAL; DuckDB computes the first as a float."""
    better = intervals.average(node)
    better = numbers.average(node) if better is node else better
    return overflow.total(node) if better is node else better


def window(node: exp.Expr) -> exp.Expr:
    """AVG of NUMERIC over a window: the sum over it by the count over it; SUM of INTERVAL: each part; MIN of NaN."""
    better = intervals.windowed(node)
    better = floats.windowed_minimum(node) if better is node else better
    better = numbers.window(node) if better is node else better
    better = spread.windowed(node) if better is node else better
    return overflow.total(node) if better is node else better


def or_null(otherwise: Rewrite) -> Rewrite:
    """A correction of a SAFE_ function: of FLOAT64, what overflows is NULL."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        better = overflow.or_null(node)
        return otherwise(node) if better is node else better

    rewrite.__doc__ = f"{otherwise.__doc__} Of FLOAT64, what overflows is NULL."
    return rewrite


def query(node: exp.Expr) -> exp.Expr:
    """GROUP BY, ORDER BY and QUALIFY with what is meant in the place of names that DuckDB would read otherwise."""
    rows = struct_stars.of_rows(node)
    better = ordering.of_rows(aliases.joined_first(aliases.spelt_out(struct_stars.spread(node))))
    if rows is node:
        return better
    rows.args["from_"].this.set("this", better)
    return rows


def timestamp(node: exp.Expr) -> exp.Expr:
    """Of a text as BigQuery reads it; a local time that occurs twice is the first of the two, to DuckDB the second."""
    better = moment_casts.timestamp(node)
    return moments.timestamp(node) if better is node else better


def datetime_of_text(node: exp.Expr) -> exp.Expr:
    """DATETIME of a text, but not within FORMAT_DATETIME."""
    return node if isinstance(node.parent, exp.TimeToStr) else moment_casts.datetime(node)


def time(node: exp.Expr) -> exp.Expr:
    """TIME of a TIMESTAMP, but not within FORMAT_TIME."""
    return node if isinstance(node.parent, exp.TimeToStr) else moments.time_of(node)


def subquery(node: exp.Expr) -> exp.Expr:
    """Subqueries over one array are functions of lists; PIVOT names columns otherwise."""
    better = lists.named(node)
    better = lists.scalar(node) if better is node else better
    return pivoting.turned(node) if better is node else better


_CALLS = {
    "IEEE_DIVIDE": "_ieee_divide",
    "DATE_BUCKET": "_date_bucket",
    "DATETIME_BUCKET": "_datetime_bucket",
    "TIMESTAMP_BUCKET": "_timestamp_bucket",
}


def called(node: exp.Expr) -> exp.Expr:
    """IEEE_DIVIDE and the functions of buckets, which sqlglot has no nodes for, by macros."""
    name = _CALLS.get(node.name.upper())
    return call(name, *node.expressions) if name else node
