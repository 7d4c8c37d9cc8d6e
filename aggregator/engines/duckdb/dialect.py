"""BigQuery SQL to DuckDB SQL: sqlglot's translation, corrected where it is silently wrong.

``REWRITES`` is a table of the corrections: what is replaced, and by what. Each restores what BigQuery documents;
the cases were found by comparing answers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import sqlglot
from sqlglot import exp

MACROS = (
    "CREATE OR REPLACE TEMP MACRO _divide(x, y) AS CASE WHEN y = 0 THEN error('division by zero') ELSE x / y END",
)
"""Functions that the rewritten SQL calls; created on every connection."""

Rewrite = Callable[[exp.Expr], exp.Expr]


def _count_if(node: exp.Expr) -> exp.Expr:
    """COUNTIF over no rows, or over NULLs only, is 0; DuckDB's count_if is NULL and a HUGEINT."""
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=node.this))


def _division(node: exp.Expr) -> exp.Expr:
    """X / 0 is an error, not infinity."""
    return exp.Anonymous(this="_divide", expressions=[node.this, node.expression])


def _as_date(node: exp.Expr) -> exp.Expr:
    """Arithmetic on a DATE stays a DATE; DuckDB makes it a TIMESTAMP."""
    unit = str(node.text("unit")).upper()
    is_time = unit in ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
    return node if is_time or isinstance(node.parent, exp.Cast) else exp.cast(node, "DATE")


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
    """A literal with a point is a FLOAT64; DuckDB reads it as DECIMAL."""
    assert isinstance(node, exp.Literal)  # noqa: S101
    is_float = not node.is_string and "." in node.this
    return exp.cast(node, "DOUBLE") if is_float and not isinstance(node.parent, exp.Cast) else node


def _timestamp_diff(node: exp.Expr) -> exp.Expr:
    """TIMESTAMP_DIFF counts whole units elapsed, not boundaries crossed."""
    unit = exp.Literal.string(str(node.text("unit")).lower())
    return exp.Anonymous(this="date_sub", expressions=[unit, node.expression, node.this])


def _extract(node: exp.Expr) -> exp.Expr:
    """DAYOFWEEK counts from Sunday = 1, WEEK from the first Sunday, and there is ISOWEEK."""
    part, moment = node.name.upper(), node.expression
    if part == "DAYOFWEEK":
        return exp.paren(exp.Add(this=exp.Extract(this=exp.var("DOW"), expression=moment), expression=_one()))
    if part == "ISOWEEK":
        return exp.Extract(this=exp.var("WEEK"), expression=moment)
    if part == "WEEK":
        week = exp.Anonymous(this="strftime", expressions=[moment, exp.Literal.string("%U")])
        return exp.cast(week, "BIGINT")
    return exp.cast(moment, "DATE") if part == "DATE" else node


def _one() -> exp.Expr:
    return exp.Literal.number(1)


def _distinct(node: exp.Expr) -> exp.Expr:
    """Structs can be told apart directly; BigQuery needs TO_JSON_STRING for it."""
    items = node.expressions
    if len(items) == 1 and isinstance(items[0], exp.JSONFormat) and isinstance(items[0].this, exp.Struct):
        return exp.Distinct(expressions=[exp.Tuple(expressions=[each.copy() for each in items[0].this.expressions])])
    return node


REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.CountIf: _count_if,
    exp.Div: _division,
    exp.DateAdd: _as_date,
    exp.DateSub: _as_date,
    exp.DateTrunc: _as_date,
    exp.DataType: _numeric,
    exp.Literal: _float_literal,
    exp.TimestampDiff: _timestamp_diff,
    exp.Extract: _extract,
    exp.Distinct: _distinct,
}


@functools.lru_cache(maxsize=4096)
def to_duckdb(sql: str) -> str:
    """Translate a query, or an expression in a SELECT; parameters ``@start`` become ``$start``."""
    tree = sqlglot.parse_one(sql, read="bigquery")
    return tree.transform(_rewrite).sql(dialect="duckdb")


def expression_to_duckdb(sql: str) -> str:
    """Translate an expression."""
    return to_duckdb(f"SELECT {sql}").removeprefix("SELECT ")


def type_to_duckdb(bigquery_type: str) -> str:
    """Translate a column type."""
    if not bigquery_type:
        return "VARCHAR"
    return exp.DataType.build(bigquery_type, dialect="bigquery").transform(_rewrite).sql(dialect="duckdb")


def _rewrite(node: exp.Expr) -> exp.Expr:
    rewrite = REWRITES.get(type(node))
    return rewrite(node) if rewrite else node
