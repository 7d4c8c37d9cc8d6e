"""DATE_TRUNC and its kin: to which grain a moment is cut."""

from __future__ import annotations

from sqlglot import exp

from aggregator.core.calendar import Grain

TRUNCATIONS = (exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc)


def grain_of(truncation: exp.Expr) -> Grain | None:
    """What a DATE_TRUNC and the like truncates to; None where that is no grain: minutes, years of ISO weeks."""
    unit = truncation.args.get("unit")
    if not isinstance(unit, exp.Expr):
        return None
    name = unit.name.casefold()
    try:
        return Grain(f"week({name})" if isinstance(unit, exp.WeekStart) else name)
    except ValueError:
        return None
