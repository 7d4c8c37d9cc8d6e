"""What many partitions read together, without asking each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta

from aggregator.core.calendar import Calendar, ColumnType, Grain, Partition
from aggregator.core.maps import PartitionMap, Reach
from aggregator.plan.maps import bounds, span
from aggregator.plan.stretches import Stretch, union

_CLOCKS = timedelta(days=2)
"""How far the clocks of two zones may lead astray: no change of them, or of the date line, is longer."""


def read_by_stretch(map_: PartitionMap, reader: Calendar, source: Calendar, built: Stretch) -> tuple[Stretch, ...]:
    """The input partitions that some output partitions read, which follow one another. ``map_`` is not ``all``."""
    if not _is_seamless(map_, reader.grain):
        return union(_each(map_, reader, source, built.partitions(reader.grain)), source.grain)
    if reader.wall == source.wall:
        return union(_hull(map_, reader, source, built), source.grain)
    return union(_across(map_, reader, source, built), source.grain)


def _is_seamless(map_: PartitionMap, grain: Grain) -> bool:
    """Whether partitions that follow one another read what follows one another, so that the two ends say all."""
    if not map_.keeps_order(grain):
        return False
    return not map_.keeps_length(grain) if map_.reach is Reach.OFFSET else map_.keeps(grain)


def _across(map_: PartitionMap, reader: Calendar, source: Calendar, built: Stretch) -> Iterator[Stretch]:
    """Between two clocks: near the ends each partition is asked, as they need not be in order there."""
    start, end = reader.grain.ceil(built.first + _CLOCKS), reader.grain.floor(built.last - _CLOCKS)
    if end <= start:
        yield from _each(map_, reader, source, built.partitions(reader.grain))
        return
    inside = list(_hull(map_, reader, source, Stretch(start, end)))
    if any(_is_left_out(source, stretch) for stretch in inside):
        inside = list(_each(map_, reader, source, Stretch(start, end).partitions(reader.grain)))
    yield from inside
    yield from _each(map_, reader, source, reader.grain.range(built.first, start))
    yield from _each(map_, reader, source, reader.grain.range(reader.next(end), reader.next(built.last)))


def _each(map_: PartitionMap, reader: Calendar, source: Calendar, partitions: Iterable[Partition]) -> Iterator[Stretch]:
    for partition in partitions:
        found = span(reader, source, *bounds(map_, reader, partition))
        if found is not None:
            yield Stretch(found[0], source.grain.floor(found[1]))


def _hull(map_: PartitionMap, reader: Calendar, source: Calendar, built: Stretch) -> Iterator[Stretch]:
    """From what the first of them reads to what the last one does."""
    start, end = bounds(map_, reader, built.first)[0], bounds(map_, reader, built.last)[1]
    found = span(reader, source, start, end)
    if found is not None:
        yield Stretch(found[0], source.grain.floor(found[1]))


def _is_left_out(source: Calendar, stretch: Stretch) -> bool:
    """Whether a whole day of a DATE column never was, where a zone moved over the date line."""
    if source.type is not ColumnType.DATE or source.grain is not Grain.DAY:
        return False
    ends = [source.instant(each) for each in stretch.partitions(source.grain)]
    return any(one >= other for one, other in itertools.pairwise(ends))
