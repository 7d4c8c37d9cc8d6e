"""Parts of dates and times that a value does not have, or that a function can't count in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from aggregator.compile import codes
from aggregator.compile.analysis.types import name_of_type
from aggregator.core.diagnostics import Diagnostic

if TYPE_CHECKING:
    from aggregator.compile.analysis import Analysis

_CLOCK = frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"})
_LONG = frozenset({"MONTH", "QUARTER", "YEAR", "ISOYEAR"})
_CALENDAR = _LONG | {"DAY", "DAYOFWEEK", "DAYOFYEAR", "WEEK", "ISOWEEK"}
_WITHOUT = {"DATE": _CLOCK, "TIME": _CALENDAR}
"""What EXTRACT does not find in a value."""

_TIMES = frozenset({"DATE", "TIME", "DATETIME", "TIMESTAMP", "INTERVAL"})
_OF_DAYS = (exp.DateAdd, exp.DateSub, exp.DateDiff, exp.DateTrunc)
_OF_INSTANTS = (exp.TimestampAdd, exp.TimestampSub, exp.TimestampDiff)
_COUNTS = ((_OF_DAYS, "DATE", _CLOCK), (_OF_INSTANTS, "TIMESTAMP", _LONG))


def date_part_problems(analysis: Analysis) -> Iterator[Diagnostic]:
    """EXTRACT of what is not there, and arithmetic in units that a function does not have."""
    for extract in analysis.nodes.of(exp.Extract):
        name, part = name_of_type(extract.expression.type), extract.name.upper()
        if name and name not in _TIMES:
            yield _finding(analysis, extract, f"EXTRACT needs a date or a time, and this is {name}")
        elif part in _WITHOUT.get(name, ()):
            yield _finding(analysis, extract, f"a {name} has no {part}")
    for kinds, name, refused in _COUNTS:
        for call in analysis.nodes.of(*kinds):
            unit = _unit(call)
            if unit in refused and name_of_type(call.this.type) == name:
                yield _finding(analysis, call, f"a {name} is not counted in units of {unit}")


def _unit(call: exp.Expr) -> str:
    unit = call.args.get("unit")
    return unit.name.upper() if isinstance(unit, (exp.Var, exp.Literal)) else ""


def _finding(analysis: Analysis, node: exp.Expr, message: str) -> Diagnostic:
    return Diagnostic(analysis.query.place_of(node), codes.DATE_PART, message, "convert it first: DATE, DATETIME, TIME")
