"""Which expressions tell to which output partition a row belongs, and on whose clock."""

from __future__ import annotations

from sqlglot import exp

from aggregator.compile.analysis.types import text_of
from aggregator.compile.truncations import TRUNCATIONS, grain_of
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.pseudo import SUFFIXES, is_pseudo, telling

AlignedColumns = frozenset[tuple[str, str]]
"""Aligned columns as (alias, column), lower case."""

_CONVERSIONS = (exp.Date, exp.Datetime, exp.Timestamp, exp.Cast)


def is_aligned(node: exp.Expr, aligned: AlignedColumns, calendar: Calendar) -> bool:
    """Whether the value of an expression determines the output partition of its row."""
    if isinstance(node, exp.Paren):
        return is_aligned(node.this, aligned, calendar)
    if isinstance(node, exp.Column):
        return (node.table.casefold(), node.name.casefold()) in aligned
    if isinstance(node, _CONVERSIONS):
        loses_hours = type_name(node) == "DATE" and calendar.grain is Grain.HOUR
        return not loses_hours and is_aligned(node.this, aligned, calendar) and _keeps_clock(node, calendar)
    if isinstance(node, exp.StrToDate):
        return node.text("format") in SUFFIXES and is_aligned(node.this, aligned, calendar)
    if isinstance(node, TRUNCATIONS):
        grain = grain_of(node)
        fine_enough = grain is not None and grain.divides(calendar.grain)
        return fine_enough and is_aligned(node.this, aligned, calendar) and _keeps_clock(node, calendar)
    return False


def cutting_columns(source: Calendar, reader: Calendar) -> tuple[str, ...]:
    """The columns of an input that tell to which partition of its reader a row belongs, in lower case.

    There are none where the filter reads whole partitions of the input, which may reach beyond the reader's.
    """
    if not _is_exact(source, reader):
        return ()
    return tuple(map(str.casefold, telling(source.column, source.grain)))


def _is_exact(source: Calendar, reader: Calendar) -> bool:
    """Whether the filter cuts the input exactly at the bounds of the reader's partitions."""
    if source.type is ColumnType.TIMESTAMP:
        holds_whole = reader.wall == source.wall and source.grain.stored.divides(reader.grain)
        return holds_whole or not is_pseudo(source.column)
    if source.type is ColumnType.DATETIME:
        return source.wall == reader.wall
    same_clock = reader.type is ColumnType.DATE and reader.zone == source.zone
    return same_clock and source.grain.divides(reader.grain)


def _keeps_clock(node: exp.Expr, calendar: Calendar) -> bool:
    """Whether a conversion or truncation of a moment happens on the model's own wall clock."""
    if not (_is_civil(node) or _is_instant(node)):
        return False
    is_known = _is_civil(node.this) or _is_instant(node.this)
    is_plain = _is_civil(node.this) and _is_civil(node)
    is_no_conversion = _is_instant(node.this) and _is_instant(node) and not isinstance(node, TRUNCATIONS)
    if is_known and (is_plain or is_no_conversion):
        return True
    zone = node.args.get("zone") or (node.args.get("expression") if isinstance(node, exp.Datetime) else None)
    named = zone.name if isinstance(zone, exp.Literal) else ("UTC" if zone is None else "?")
    return named == calendar.wall


def _is_civil(node: exp.Expr) -> bool:
    """Whether an expression is known to be a DATE or DATETIME, which mean the same on every clock."""
    return type_name(node) in ("DATE", "DATETIME")


def _is_instant(node: exp.Expr) -> bool:
    """Whether an expression is known to be a TIMESTAMP."""
    return type_name(node) == "TIMESTAMP"


def type_name(node: exp.Expr) -> str:
    """The type of an expression as BigQuery calls it; empty if it has none."""
    return text_of(node.type) if node.type else ""
