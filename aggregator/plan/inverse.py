"""Partition maps turned around: which partitions of a table read one of an input.

What is found is what :func:`aggregator.plan.maps.read_partitions` says, asked of each partition that may be among
them: ``q`` is read by ``p`` exactly if ``p`` is a reader of ``q``.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from aggregator.core.calendar import Calendar, Partition
from aggregator.core.maps import PartitionMap, Reach
from aggregator.plan.maps import bounds, span
from aggregator.plan.stretches import Stretch, join

_CLAMPED = timedelta(days=4)
"""A month after a month before a day is that day, or up to three days earlier: what a shorter month lacks."""

_CLOCKS = timedelta(days=2)
"""How far the clocks of two zones may lead astray, and how much a change of them may leave out."""


def readers_of(map_: PartitionMap, reader: Calendar, source: Calendar, partition: Partition) -> tuple[str, ...]:
    """The ids of the output partitions that read an input partition, oldest first. ``map_`` is not ``all``."""
    found = readers_of_stretch(map_, reader, source, Stretch(partition, partition))
    return tuple(reader.id(each) for stretch in found for each in stretch.partitions(reader.grain))


def readers_of_stretch(map_: PartitionMap, reader: Calendar, source: Calendar, asked: Stretch) -> tuple[Stretch, ...]:
    """The output partitions that read any of some input partitions, which follow one another."""
    low, high = _window(map_, reader, source, asked)
    candidates = _Candidates(map_, reader, source, asked)
    first = reader.grain.floor(low)
    if reader.wall == source.wall and map_.keeps_order(reader.grain):
        return candidates.between(first, reader.grain.floor(high))
    return join(filter(candidates.reads, reader.grain.range(first, high)), reader.grain)


@dataclasses.dataclass(frozen=True)
class _Candidates:
    """Partitions that may read some of an input."""

    map: PartitionMap
    reader: Calendar
    source: Calendar
    asked: Stretch

    def reads(self, partition: Partition) -> bool:
        """Whether one does."""
        found = span(self.reader, self.source, *bounds(self.map, self.reader, partition))
        return found is not None and found[0] <= self.asked.last and found[1] >= self.asked.first

    def between(self, first: Partition, last: Partition) -> tuple[Stretch, ...]:
        """Those of a stretch that do. They have no gaps where a later partition never reads what is earlier."""
        shift = self.reader.grain.shift
        while first <= last and not self.reads(first):
            first = shift(first, 1)
        while first <= last and not self.reads(last):
            last = shift(last, -1)
        return (Stretch(first, last),) if first <= last else ()


def _window(map_: PartitionMap, reader: Calendar, source: Calendar, asked: Stretch) -> tuple[datetime, datetime]:
    """A stretch of the reader's clock outside which no partition reads what is asked about."""
    low, high = asked.first, source.next(asked.last)
    if reader.wall != source.wall:
        low, high = reader.local(source.instant(low)) - _CLOCKS, reader.local(source.instant(high)) + _CLOCKS
    unit, count = (map_.unit, map_.count) if map_.unit is not None else (reader.grain, 1)
    match map_.reach:
        case Reach.LAST | Reach.LATEST:
            return low, unit.shift(high, count) + _CLAMPED
        case Reach.OFFSET | Reach.PREVIOUS:
            return unit.shift(reader.grain.shift(low, -1), count), unit.shift(high, count) + _CLAMPED
        case _:
            return low, high
