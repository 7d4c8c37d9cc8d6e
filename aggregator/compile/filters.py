"""The partition filter that a map means, as BigQuery SQL over ``@start`` and ``@end``.

The filter is made from the map, so that the two can't disagree and none can be forgotten. Arithmetic is done on the
reader's wall clock, and only then converted to the type of the input's column: seven days stay seven calendar days
over a change of clocks.
"""

from __future__ import annotations

import functools

from sqlglot import exp

from aggregator.compile.parse import DIALECT
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import PartitionMap, Reach
from aggregator.core.pseudo import is_pseudo

_LONGER_THAN_DAY = frozenset(Grain) - {Grain.HOUR, Grain.DAY}
_LENGTHS = {Grain.HOUR: "1 HOUR", Grain.DAY: "1 DAY"}
"""How long partitions are that begin in the middle of months; the others are weeks."""


def impossible(map_: PartitionMap, reader: Calendar | None, source: Calendar | None) -> tuple[str, str]:
    """Why a map makes no sense between two tables, and what to write instead; both empty if it does."""
    if map_.reach is Reach.ALL:
        return "", ""
    if source is None:
        return f"the input has no partitions, so its only map is all, not {map_}", "remove the line"
    if reader is None:
        return f"this model has no partitions, so it reads all of an input, not {map_}", "remove the line"
    if map_.unit is Grain.HOUR and reader.type is ColumnType.DATE:
        return f"a DATE column has no hours, so {map_} can't be counted from it", "count in days"
    return "", ""


def chosen_sql(source: Calendar, parameters: tuple[str, str]) -> str:
    """The condition that a row is of the partition of an input that was chosen: its ends are parameters."""
    return _between(source, *(f"@{each}" for each in parameters))


def filter_sql(map_: PartitionMap, reader: Calendar, source: Calendar) -> str:
    """The condition on the input's partition column; ``latest`` has another one (:func:`chosen_sql`)."""
    start, end = _bounds(map_, reader)
    if source.type is ColumnType.TIMESTAMP and is_pseudo(source.column) and not _on_bounds(map_, reader, source):
        start = f"TIMESTAMP_TRUNC({_instant(start, reader)}, {source.grain.stored.upper()})"
        return _between(source, start, _instant(end, reader))
    if (source.type is ColumnType.DATE and reader.type is not ColumnType.DATE) or _converts(reader, source):
        return _across(start, end, reader, source)
    if source.type is ColumnType.DATE and source.grain in _LONGER_THAN_DAY and not _same_bounds(map_, reader, source):
        return _whole_partitions(source, start, f"DATE_SUB({end}, INTERVAL 1 DAY)")
    return _between(source, start, end)


def _between(source: Calendar, start: str, end: str, before: str = "<") -> str:
    """A condition with bounds of the type of the calendar, which a suffix has as text."""
    column = _quoted(source.column)
    if source.suffix:
        start, end = (f"FORMAT_DATE('{source.suffix}', {bound})" for bound in (start, end))
    return f"{column} >= {start} AND {column} {before} {end}"


@functools.lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    """The name of a column as SQL has it: in quotes if it is a keyword."""
    return exp.to_identifier(name).sql(DIALECT)


def _bounds(map_: PartitionMap, reader: Calendar) -> tuple[str, str]:
    """Start and end of what is read, in the type of the reader's partition column."""
    match map_.reach:
        case Reach.LAST:
            return _back("@end", map_.count, map_.unit or reader.grain, reader.type), "@end"
        case Reach.OFFSET:
            unit = map_.unit or reader.grain
            moved = _back("@start", map_.count, unit, reader.type)
            if map_.keeps_length(reader.grain):
                return moved, f"{reader.type}_ADD({moved}, INTERVAL {_LENGTHS.get(reader.grain, '7 DAY')})"
            return moved, _back("@end", map_.count, unit, reader.type)
        case Reach.PREVIOUS:
            return _back("@start", 1, reader.grain, reader.type), "@start"
        case _:
            return "@start", "@end"


def _back(moment: str, count: int, unit: Grain, type_: ColumnType) -> str:
    """A moment, moved back."""
    interval = f"INTERVAL {count} {unit.unit.upper()}"
    if type_ is ColumnType.TIMESTAMP and unit in _LONGER_THAN_DAY:
        # TIMESTAMP_SUB knows no weeks and months; partitions of a TIMESTAMP column are cut in UTC
        return f"TIMESTAMP(DATETIME_SUB(DATETIME({moment}), {interval}))"
    return f"{type_}_SUB({moment}, {interval})"


def _converts(reader: Calendar, source: Calendar) -> bool:
    return reader.wall != source.wall or reader.type is not source.type


def _across(start: str, end: str, reader: Calendar, source: Calendar) -> str:
    """Between two types or two time zones.

    Two columns of one wall clock say the same things about the day and the hour, so that there is no zone to convert
    by: an hour that a change of clocks skips is no instant, and yet one of a DATETIME's hours. Otherwise the way
    between two clocks is the instants that both mean.
    """
    if _share_a_clock(reader, source):
        zone, tick = "", "DATETIME_SUB"
    else:
        start, end = _instant(start, reader), _instant(end, reader)
        zone, tick = f", '{source.zone}'", "TIMESTAMP_SUB"
    match source.type:
        case ColumnType.TIMESTAMP:
            return _between(source, start, end)
        case ColumnType.DATETIME:
            return _between(source, f"DATETIME({start}{zone})", f"DATETIME({end}{zone})")
        case ColumnType.DATE:
            first, last = f"DATE({start}{zone})", f"DATE({tick}({end}, INTERVAL 1 MICROSECOND){zone})"
            if source.grain in _LONGER_THAN_DAY:
                return _whole_partitions(source, first, last)
            return _between(source, first, last, "<=")


def _share_a_clock(reader: Calendar, source: Calendar) -> bool:
    """Whether neither is of instants, and both are of the same zone."""
    return ColumnType.TIMESTAMP not in (reader.type, source.type) and reader.zone == source.zone


def _same_bounds(map_: PartitionMap, reader: Calendar, source: Calendar) -> bool:
    """Whether what a map names always begins and ends where partitions of the input do."""
    return source.grain.divides(reader.grain) and map_.keeps(source.grain)


def _on_bounds(map_: PartitionMap, reader: Calendar, source: Calendar) -> bool:
    """Whether what a map names begins where a partition of the input does, as BigQuery stores it."""
    stored = source.grain.stored
    return reader.wall == source.wall and stored.divides(reader.grain) and map_.keeps(stored)


def _instant(moment: str, calendar: Calendar) -> str:
    return moment if calendar.type is ColumnType.TIMESTAMP else f"TIMESTAMP({moment}, '{calendar.zone}')"


def _whole_partitions(source: Calendar, first: str, last: str) -> str:
    """A DATE column cut by more than a day may hold any day of it, so that whole partitions must be read."""
    unit, length = source.grain.upper(), source.grain.unit.upper()
    end = f"DATE_ADD(DATE_TRUNC({last}, {unit}), INTERVAL 1 {length})"
    return _between(source, f"DATE_TRUNC({first}, {unit})", end)
