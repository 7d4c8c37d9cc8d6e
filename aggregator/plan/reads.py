"""Which partitions are read, by id: asked once per way of cutting tables, however many tables are cut so."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from aggregator.core.calendar import Calendar, Grain
from aggregator.core.maps import SAME, PartitionMap
from aggregator.plan.maps import read_partitions

_NAMED_WITHIN = {
    Grain.HOUR: (Grain.DAY, Grain.MONTH, Grain.YEAR),
    Grain.DAY: (Grain.MONTH, Grain.YEAR),
    Grain.MONTH: (Grain.YEAR,),
}


class Reads(dict[str, tuple[str, ...]]):
    """By the id of an output partition, the ids of the input partitions that a map names, oldest first."""

    def __init__(self, map_: PartitionMap, reader: Calendar, source: Calendar) -> None:
        super().__init__()
        self._map, self._reader, self._source = map_, reader, source

    def __missing__(self, partition: str) -> tuple[str, ...]:
        found = read_partitions(self._map, self._reader, self._source, self._reader.parse(partition))
        self[partition] = found
        return found


class Holding(dict[str, tuple[str, ...]]):
    """The same, where each partition lies within one of the input's, whose name its own begins with."""

    def __init__(self, source: Calendar) -> None:
        super().__init__()
        self._length = source.grain.id_length

    def __missing__(self, partition: str) -> tuple[str, ...]:
        self[partition] = found = (partition[: self._length],)
        return found


def reads_through(map_: PartitionMap, reader: Calendar, source: Calendar) -> Mapping[str, tuple[str, ...]]:
    """What a map means between two tables. The names of columns make no difference, so they share what is found."""
    return _shared(map_, _cut(reader), _cut(source))


def _cut(calendar: Calendar) -> Calendar:
    return dataclasses.replace(calendar, column="", suffix="")


@functools.lru_cache(maxsize=256)
def _shared(map_: PartitionMap, reader: Calendar, source: Calendar) -> Mapping[str, tuple[str, ...]]:
    if map_ == SAME and reader.wall == source.wall and _is_named_within(reader.grain, source.grain):
        return Holding(source)
    return Reads(map_, reader, source)


def _is_named_within(reader: Grain, source: Grain) -> bool:
    """Whether the name of a partition begins with that of the one it lies in; those of weeks and quarters do not."""
    return reader is source or source in _NAMED_WITHIN.get(reader, ())
