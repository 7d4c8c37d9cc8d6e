"""Partitions as stretches of time.

A partition is named by its start on its table's own wall clock: a naive ``datetime``. The wall clock of a TIMESTAMP
column is UTC (BigQuery cuts such partitions at UTC boundaries), that of a DATE or DATETIME column is the time zone
of the model. All intervals are half-open.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

Partition: TypeAlias = datetime


class Grain(StrEnum):
    """How long a partition is. The same four that BigQuery has for time-partitioned tables."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    def floor(self, moment: datetime) -> datetime:
        """The start of the partition that holds a moment."""
        match self:
            case Grain.HOUR:
                return moment.replace(minute=0, second=0, microsecond=0)
            case Grain.DAY:
                return moment.replace(hour=0, minute=0, second=0, microsecond=0)
            case Grain.MONTH:
                return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            case Grain.YEAR:
                return moment.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)

    def shift(self, start: datetime, count: int) -> datetime:
        """The start of the partition ``count`` after (or before) the one that starts at ``start``."""
        match self:
            case Grain.HOUR:
                return start + timedelta(hours=count)
            case Grain.DAY:
                return start + timedelta(days=count)
            case Grain.MONTH:
                months = start.year * 12 + start.month - 1 + count
                return start.replace(year=months // 12, month=months % 12 + 1)
            case Grain.YEAR:
                return start.replace(year=start.year + count)

    def ceil(self, moment: datetime) -> datetime:
        """The first partition start at or after a moment."""
        start = self.floor(moment)
        return start if start == moment else self.shift(start, 1)

    def range(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every partition that starts in ``[start, end)``."""
        current = self.ceil(start)
        while current < end:
            yield current
            current = self.shift(current, 1)

    @property
    def id_length(self) -> int:
        """How many characters of an ISO timestamp name a partition: ``2013``, ``2013-01``, ``2013-01-01T05``."""
        return {Grain.HOUR: 13, Grain.DAY: 10, Grain.MONTH: 7, Grain.YEAR: 4}[self]


class ColumnType(StrEnum):
    """The types by which a table may be partitioned over time."""

    DATE = "DATE"
    DATETIME = "DATETIME"
    TIMESTAMP = "TIMESTAMP"


@dataclasses.dataclass(frozen=True)
class Calendar:
    """How one table is cut into partitions.

    Where there is a ``suffix``, partitions are tables, and the column has the ends of their names: texts, made from
    dates as it says.
    """

    column: str
    type: ColumnType
    grain: Grain
    zone: str
    suffix: str = ""

    @property
    def wall(self) -> str:
        """The time zone of this table's wall clock."""
        return "UTC" if self.type is ColumnType.TIMESTAMP else self.zone

    def id(self, partition: Partition) -> str:
        """The name of a partition, as people and the ledger write it."""
        return partition.isoformat()[: self.grain.id_length]

    def parse(self, partition_id: str) -> Partition:
        """The partition of a name written by :meth:`id`."""
        return datetime.fromisoformat(partition_id + "0001-01-01"[len(partition_id) :])

    def next(self, partition: Partition) -> Partition:
        """The partition after this one; also where this one ends."""
        return self.grain.shift(partition, 1)

    def value(self, moment: datetime) -> date | datetime:
        """A moment of the wall clock as a value of the partition column: what ``@start`` and ``@end`` are bound to."""
        match self.type:
            case ColumnType.DATE:
                return moment.date()
            case ColumnType.DATETIME:
                return moment
            case ColumnType.TIMESTAMP:
                return moment.replace(tzinfo=UTC)

    def instant(self, moment: datetime) -> datetime:
        """A moment of the wall clock in UTC (naive). A local time that a clock change skips is the change itself."""
        return moment if self.wall == "UTC" else _to_utc(moment, self.wall)

    def local(self, instant: datetime) -> datetime:
        """A UTC instant (naive) on the wall clock."""
        return instant if self.wall == "UTC" else _from_utc(instant, self.wall)


@functools.cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _to_utc(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=_zone(zone)).astimezone(UTC).replace(tzinfo=None)


def _from_utc(instant: datetime, zone: str) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(_zone(zone)).replace(tzinfo=None)
