"""The start of the bucket that a value is in: as SQL, and as it is found in SQL."""

from __future__ import annotations

from sqlglot import exp

from aggregator.core.calendar import ColumnType, Grain

TRUNCATIONS = (exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc)


def start_of_bucket(value: str, type_: ColumnType, grain: Grain, zone: str) -> str:
    """BigQuery's SQL of the start of the hour, day, week … that a value is in; of the type of the value.

    ``zone`` is the clock on which a TIMESTAMP is looked at; DATE and DATETIME are what a clock shows already. Raises
    ValueError for the hours of a DATE, which there are not.
    """
    unit = grain.upper()
    match type_:
        case ColumnType.DATE if grain is Grain.HOUR:
            raise ValueError(f"a DATE has no hours: {value}")
        case ColumnType.DATE:
            return value if grain is Grain.DAY else f"DATE_TRUNC({value}, {unit})"
        case ColumnType.DATETIME:
            return f"DATETIME_TRUNC({value}, {unit})"
        case ColumnType.TIMESTAMP:
            return f"TIMESTAMP_TRUNC({value}, {unit}, '{zone}')"


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
