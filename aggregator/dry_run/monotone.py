"""Functions of a partition column that keep its order, so that what they make of a partition lies between its ends.

BigQuery computes a condition on the partition column alone beforehand, functions included: recorded of EXTRACT(YEAR …).
What does not keep the order, or depends on a time zone, is not here: nothing is left out by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import TypeAlias

from sqlglot import exp

from aggregator.core.calendar import Grain

Value: TypeAlias = "date | datetime"

_TRUNCATIONS = (exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc)
_GRAINS: Mapping[str, Grain] = {
    each.name: each for each in (Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
}


def is_monotone(node: exp.Expr) -> bool:
    """Whether a node is a column, or a function of one that keeps its order."""
    if isinstance(node, exp.Column):
        return True
    if node.args.get("zone") is not None or not isinstance(argument_of(node), exp.Column):
        return False
    if isinstance(node, exp.Cast):
        return type(node) is exp.Cast and node.to.this == exp.DType.DATE
    if isinstance(node, _TRUNCATIONS):
        return _grain(node) is not None
    return isinstance(node, exp.Date) or is_year(node)


def is_year(node: exp.Expr) -> bool:
    """Whether a node is the year of something, which is compared with numbers."""
    return isinstance(node, exp.Extract) and node.name.upper() == "YEAR"


def argument_of(node: exp.Expr) -> exp.Expr | None:
    """What a function is computed from."""
    found = node.expression if isinstance(node, exp.Extract) else node.this
    return found if isinstance(found, exp.Expr) else None


def image_of(node: exp.Expr) -> Callable[[Value], Value]:
    """What such a function makes of a value. A year is its first day."""
    if isinstance(node, exp.Column):
        return lambda value: value
    grain = _grain(node)
    if grain is not None:
        return lambda value: _floor(value, grain)
    if is_year(node):
        return lambda value: date(_day(value).year, 1, 1)
    return _day


def _grain(node: exp.Expr) -> Grain | None:
    """To what a function cuts off; None where it does something else, or to a week."""
    unit = node.args.get("unit") if isinstance(node, _TRUNCATIONS) else None
    return _GRAINS.get(unit.name.upper()) if isinstance(unit, exp.Expr) else None


def _floor(value: Value, grain: Grain) -> Value:
    if not isinstance(value, datetime):
        return grain.floor(datetime.combine(value, time())).date()
    moment = _moment(value)
    return grain.floor(moment.replace(tzinfo=None)).replace(tzinfo=moment.tzinfo)


def _moment(value: datetime) -> datetime:
    """A moment as the clock of UTC shows it; a DATETIME as it is."""
    return value.astimezone(UTC) if value.tzinfo is not None else value


def _day(value: Value) -> date:
    return _moment(value).date() if isinstance(value, datetime) else value
