"""The stretches of time of a roll-up: whether whole partitions make them, and what they are in SQL."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.aggregates.protocol import Bucket
from aggregator.core.aggregate import Aggregate, RollupDeclaration
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import SAME, PartitionMap

_LENGTHS = {Grain.HOUR: 1, Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 31, Grain.QUARTER: 92, Grain.YEAR: 366}
"""How many days a unit has at most."""


@dataclasses.dataclass(frozen=True)
class Buckets:
    """The time column of a roll-up, its calendar, and what of its input a bucket reads.

    ``sql`` is the column in terms of the input's. A bucket that rolls along is the same for all rows that are read.
    """

    calendar: Calendar
    sql: str
    map: PartitionMap
    bucket: Bucket
    start: datetime
    end: datetime | None
    is_rolling: bool = False


def buckets(
    declared: RollupDeclaration, of: Aggregate, source: Calendar, anchor: str = "@start"
) -> Buckets | tuple[str, str]:
    """The buckets of a roll-up, or why there can't be any and what to do instead.

    ``anchor`` is the parameter that has the partition which is built.
    """
    if declared.rolling is not None:
        return _rolling(declared, declared.rolling, of, source, anchor)
    assert declared.to is not None  # noqa: S101  (one of the two is there)
    zone = declared.zone or _own_zone(source)
    problem = _problem(declared.to, of, source, zone)
    return problem or _cut(declared, declared.to, of, source, zone)


def _own_zone(source: Calendar) -> str:
    """The zone of days that are made from a table; hours can be put together to days of any zone."""
    return source.zone if source.type is not ColumnType.TIMESTAMP or source.grain is Grain.HOUR else "UTC"


def _problem(to: Grain, of: Aggregate, source: Calendar, zone: str) -> tuple[str, str] | None:
    if of.rolling is not None and to is not source.grain:
        return "its rows overlap in time, so adding them up would count days several times", "roll up its own input"
    if not source.grain.divides(to):
        if to is Grain.HOUR or source.grain.unit is Grain.YEAR or source.grain.divides(Grain.YEAR):
            return f"{_a(to)} is shorter than {_a(source.grain)}", "roll up a table with shorter partitions"
        if source.grain.unit is to.unit:
            return f"its weeks begin on other days than {_a(to)}", "roll up the table by day instead"
        return f"{source.grain.unit}s straddle {to.unit}s", "roll up the table by day instead"
    return _zone_problem(to, of, source, zone)


def _zone_problem(to: Grain, of: Aggregate, source: Calendar, zone: str) -> tuple[str, str] | None:
    if to is Grain.HOUR:
        is_own = zone in (source.wall, _own_zone(source))
        return None if is_own else (f"its hours are those of {source.wall}, not of {zone}", "leave `zone:` out")
    if zone != source.wall:
        if source.grain is not Grain.HOUR or source.type is not ColumnType.TIMESTAMP:
            what = f"its {source.grain}s are those of {source.wall}"
            return f"{what}, not of {zone}", "leave `zone:` out, or roll up a table by hour of a TIMESTAMP"
        if not _is_whole_hours(zone, _beginning(of).year):
            return f"{zone} is not whole hours from UTC, so hours straddle its days", "aggregate the rows themselves"
    return None


def _beginning(of: Aggregate) -> datetime:
    assert of.start is not None  # noqa: S101  (partitioned tables have a beginning)
    return of.start


def _a(grain: Grain) -> str:
    return f"an {grain}" if grain[0] in "hi" else f"a {grain}"


@functools.cache
def _is_whole_hours(zone: str, since: int) -> bool:
    """Whether a zone is whole hours from UTC in all years since one, as far as is known."""
    years = range(since, max(since + 1, 2038))
    months = (datetime(year, month, 1, tzinfo=UTC) for year in years for month in range(1, 13))
    offsets = (moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for moment in months)
    return all(offset % timedelta(hours=1) == timedelta() for offset in offsets)


def _cut(declared: RollupDeclaration, to: Grain, of: Aggregate, source: Calendar, zone: str) -> Buckets:
    """Buckets that follow one another."""
    is_same = to is source.grain and zone in (source.wall, _own_zone(source))
    name = declared.column or (source.column if is_same else to.unit.value)
    type_ = source.type if is_same or to is Grain.HOUR else ColumnType.DATE
    calendar = Calendar(name, type_, to, zone)
    day = _day(source, zone)
    sql = source.column if is_same else _truncated(day, to)
    bucket = Bucket("0", _periods(of, source, calendar, is_same=is_same), _LENGTHS[to.unit])
    if of.rolling is not None:  # then it is the same
        bucket = _rolled_before(of.rolling, of, source, calendar)
    elif not is_same and to is not Grain.HOUR:
        bucket = dataclasses.replace(bucket, age=_age(sql, day, to, source))
    start, end = _moved(_beginning(of), source, calendar), None if of.end is None else _moved(of.end, source, calendar)
    first = to.floor(start) if declared.is_partial else to.ceil(start)
    last = end if end is None else to.ceil(end) if declared.is_partial else to.floor(end)
    return Buckets(calendar, sql, SAME, bucket, _not_before(declared, calendar, first), last)


def _day(source: Calendar, zone: str) -> str:
    """The day of a row of the input."""
    match source.type:
        case ColumnType.DATE:
            return source.column
        case ColumnType.DATETIME:
            return f"DATE({source.column})"
        case ColumnType.TIMESTAMP:
            return f"DATE({source.column}, '{zone}')"


def _truncated(day: str, to: Grain) -> str:
    return day if to is Grain.DAY else f"DATE_TRUNC({day}, {to.upper()})"


def _age(sql: str, day: str, to: Grain, source: Calendar) -> str:
    """How many days a partition ends before its bucket does."""
    if to is Grain.DAY:
        return "0"
    own = source.grain.unit
    last = (
        day
        if own in (Grain.HOUR, Grain.DAY)
        else f"DATE_SUB(DATE_ADD({day}, INTERVAL 1 {own.upper()}), INTERVAL 1 DAY)"
    )
    return f"(DATE_DIFF(DATE_ADD({sql}, INTERVAL 1 {to.unit.upper()}), {last}, DAY) - 1)"


def _periods(of: Aggregate, source: Calendar, calendar: Calendar, *, is_same: bool) -> str:
    """How many partitions of the base a bucket has, in terms of its own column."""
    base, column = of.base or source.grain, calendar.column
    if is_same and base is source.grain:
        return "1"
    if calendar.type is not ColumnType.DATE:
        return "1"
    following = f"DATE_ADD({column}, INTERVAL 1 {calendar.grain.unit.upper()})"
    if base is Grain.HOUR:
        zone = calendar.zone
        return f"TIMESTAMP_DIFF(TIMESTAMP({following}, '{zone}'), TIMESTAMP({column}, '{zone}'), HOUR)"
    weeks = f"DIV(DATE_DIFF({following}, {column}, DAY), 7)"
    return weeks if base.is_week else f"DATE_DIFF({following}, {column}, {base.upper()})"


def _moved(moment: datetime, source: Calendar, calendar: Calendar) -> datetime:
    """A moment of one wall clock on another one."""
    if source.wall == calendar.wall:
        return moment
    return calendar.local(source.instant(moment))


def _rolling(
    declared: RollupDeclaration, length: PartitionMap, of: Aggregate, source: Calendar, anchor: str
) -> Buckets | tuple[str, str]:
    """Buckets that end with each partition and reach back."""
    unit = length.unit or source.grain
    if of.rolling is not None:
        return "its rows overlap in time, so adding them up would count days several times", "roll up its own input"
    if declared.zone and declared.zone != source.wall:
        return f"its {source.grain}s are those of {source.wall}, not of {declared.zone}", "leave `zone:` out"
    if not source.grain.divides(unit) and source.grain.unit is not unit:
        does = "does" if length.count == 1 else "do"
        what = str(length).removeprefix(f"{length.reach}: ")
        return f"{what} {does} not consist of whole {source.grain}s", f"count in {source.grain.unit}s"
    calendar = dataclasses.replace(source, column=declared.column or source.column)
    start = source.grain.ceil(_beginning(of))
    first = start if declared.is_partial else _first_whole(length, unit, start, source.grain)
    age = f"DATE_DIFF({anchor}, {source.column}, DAY)" if _is_by_day(source) else "0"
    bucket = Bucket(age, _rolling_periods(length, of, source, "@end"), _rolling_days(length, source))
    first = _not_before(declared, calendar, first)
    return Buckets(calendar, anchor, length, bucket, first, of.end, is_rolling=True)


def _not_before(declared: RollupDeclaration, calendar: Calendar, first: datetime) -> datetime:
    """The first bucket, or the first that is wanted."""
    return first if declared.start is None else max(first, calendar.grain.ceil(declared.start))


def _first_whole(length: PartitionMap, unit: Grain, start: datetime, grain: Grain) -> datetime:
    """The first partition that can reach back to its full length; of a month that is shorter there may be none."""
    first = grain.floor(grain.shift(unit.shift(start, length.count), -1))
    while unit.shift(grain.shift(first, 1), -length.count) < start:
        first = grain.shift(first, 1)
    return first


def _is_by_day(source: Calendar) -> bool:
    return source.grain is Grain.DAY and source.type is ColumnType.DATE


def _rolling_days(length: PartitionMap, source: Calendar) -> int | None:
    return length.count * _LENGTHS[length.unit or source.grain] if _is_by_day(source) else None


def _rolled_before(length: PartitionMap, of: Aggregate, source: Calendar, calendar: Calendar) -> Bucket:
    """The buckets of a table that rolls along already, in terms of its own column."""
    type_ = "DATE" if calendar.type is ColumnType.DATE else "DATETIME"
    column = f"DATETIME({calendar.column})" if calendar.type is ColumnType.TIMESTAMP else calendar.column
    end = f"{type_}_ADD({column}, INTERVAL 1 {calendar.grain.unit.upper()})"
    return Bucket("0", _rolling_periods(length, of, source, end), _rolling_days(length, source))


def _rolling_periods(length: PartitionMap, of: Aggregate, source: Calendar, end: str) -> str:
    """How many partitions of the base lie in the stretch that ends at a moment."""
    base, unit = of.base or source.grain, (length.unit or source.grain).unit
    if base.unit is unit:
        return str(length.count)
    if unit is Grain.WEEK and base is Grain.DAY:
        return str(7 * length.count)
    if source.type is ColumnType.TIMESTAMP and end.startswith("@"):
        end = f"DATETIME({end})"
    type_ = "DATE" if source.type is ColumnType.DATE else "DATETIME"
    start = f"{type_}_SUB({end}, INTERVAL {length.count} {unit.upper()})"
    if type_ == "DATE" and base is Grain.HOUR:
        zone = source.zone
        return f"TIMESTAMP_DIFF(TIMESTAMP({end}, '{zone}'), TIMESTAMP({start}, '{zone}'), HOUR)"
    return f"{type_}_DIFF({end}, {start}, {base.unit.upper()})"
