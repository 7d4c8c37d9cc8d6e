"""Which partitions are read, by id: asked once per way of cutting tables, however many tables are cut so."""

from __future__ import annotations

import dataclasses
import functools

from aggregator.core.calendar import Calendar
from aggregator.core.maps import PartitionMap
from aggregator.plan.maps import read_partitions


class Reads(dict[str, tuple[str, ...]]):
    """By the id of an output partition, the ids of the input partitions that a map names, oldest first."""

    def __init__(self, map_: PartitionMap, reader: Calendar, source: Calendar) -> None:
        super().__init__()
        self._map, self._reader, self._source = map_, reader, source

    def __missing__(self, partition: str) -> tuple[str, ...]:
        found = read_partitions(self._map, self._reader, self._source, self._reader.parse(partition))
        self[partition] = found
        return found


def reads_through(map_: PartitionMap, reader: Calendar, source: Calendar) -> Reads:
    """What a map means between two tables. The names of columns make no difference, so they share what is found."""
    return _shared(map_, _cut(reader), _cut(source))


def _cut(calendar: Calendar) -> Calendar:
    return dataclasses.replace(calendar, column="", suffix="")


@functools.lru_cache(maxsize=256)
def _shared(map_: PartitionMap, reader: Calendar, source: Calendar) -> Reads:
    return Reads(map_, reader, source)
