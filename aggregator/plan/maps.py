"""Partition arithmetic: which partitions of an input an output partition reads. ``plan.inverse`` turns it around."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

from aggregator.core.calendar import Calendar, ColumnType, Partition
from aggregator.core.maps import PartitionMap

Span: TypeAlias = tuple[Partition, datetime]
"""A first partition, and a moment in or at the start of the last one."""

TICK = timedelta(microseconds=1)
"""What lies between two moments that follow one another, in BigQuery."""


def read_partitions(map_: PartitionMap, reader: Calendar, source: Calendar, partition: Partition) -> tuple[str, ...]:
    """The ids of the input partitions that a map names for an output partition, oldest first.

    ``map_`` is not ``all``. The filter in the SQL (``compile.filters``) selects the same moments.
    """
    start, end = bounds(map_, reader, partition)
    return _overlapping(reader, source, start, end)


def bounds(map_: PartitionMap, reader: Calendar, partition: Partition) -> tuple[Partition, Partition]:
    """What is read, on the reader's wall clock."""
    return map_.interval(reader.grain, partition, reader.next(partition))


def span(reader: Calendar, source: Calendar, start: Partition, end: Partition) -> Span | None:
    """Where the source partitions begin and end that overlap an interval of the reader's clock; None without any.

    Of a DATE column the last day is that of the last moment: where clocks go back to midnight, the moment at which
    the interval ends may have a smaller local time than those before it. The hours of a DATETIME that occur twice
    belong to the second time, so an interval within the first one is empty.
    """
    last = end - TICK
    if reader.wall != source.wall:
        before = reader.instant(end)
        start, end, last = source.local(reader.instant(start)), source.local(before), source.local(before - TICK)
    if source.type is not ColumnType.DATE:
        if start >= end:
            return None
        last = end - TICK
    first = source.grain.floor(start)
    return (first, last) if first <= last else None


def _overlapping(reader: Calendar, source: Calendar, start: Partition, end: Partition) -> tuple[str, ...]:
    """The source partitions that overlap an interval of the reader's clock."""
    found = span(reader, source, start, end)
    if found is None:
        return ()
    current, last = found
    ids = []
    while current <= last:
        ids.append(source.id(current))
        current = source.next(current)
    return tuple(ids)
