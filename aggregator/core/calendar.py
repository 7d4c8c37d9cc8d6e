"""Partitions as stretches of time.

A partition is named by its start on its table's own wall clock: a naive ``datetime``. The wall clock of a TIMESTAMP
column is UTC (BigQuery cuts such partitions at UTC boundaries), that of a DATE or DATETIME column is the time zone
of the model. All intervals are half-open.
"""

from __future__ import annotations

import dataclasses
import functools
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

Partition: TypeAlias = datetime

EARLIEST, LATEST = datetime(1960, 1, 1), datetime(2160, 1, 1)  # noqa: DTZ001  (on wall clocks)
"""BigQuery has partitions for the time in between; rows of other times are in none of them."""


class Grain(StrEnum):
    """How long a partition is, the shorter first.

    BigQuery cuts tables by four of them; see :attr:`stored` for the others. All are words of its DATE_TRUNC: a week
    begins on Sunday, or on the day that it names, and an ISO week on Monday.
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    WEEK_TUESDAY = "week(tuesday)"
    WEEK_WEDNESDAY = "week(wednesday)"
    WEEK_THURSDAY = "week(thursday)"
    WEEK_FRIDAY = "week(friday)"
    WEEK_SATURDAY = "week(saturday)"
    ISOWEEK = "isoweek"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @classmethod
    def _missing_(cls, value: object) -> Grain | None:
        """Two weeks have a second name."""
        return cls(OTHER_NAMES[value]) if value in OTHER_NAMES else None

    def floor(self, moment: datetime) -> datetime:
        """The start of the partition that holds a moment."""
        if self is Grain.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.is_week:
            return midnight - timedelta(days=(moment.weekday() - self.first_day) % _DAYS)
        if self in _MONTHS:
            months = _MONTHS[self]
            return midnight.replace(month=(moment.month - 1) // months * months + 1, day=1)
        return midnight

    def shift(self, start: datetime, count: int) -> datetime:
        """The start of the partition ``count`` after (or before) the one that starts at ``start``.

        Of another moment, what BigQuery's DATE_ADD gives: a day that the month lacks becomes its last one.
        """
        length = _LENGTHS.get(self)
        if length is not None:
            return start + count * length
        months = start.year * 12 + start.month - 1 + count * _MONTHS[self]
        year, month = months // 12, months % 12 + 1
        return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))

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

    def number(self, start: datetime, end: datetime) -> int:
        """How many partitions start in ``[start, end)``."""
        if self in _MONTHS:
            return sum(1 for _ in self.range(start, end))
        first = self.ceil(start)
        return max(0, -(-(end - first) // (self.shift(first, 1) - first)))

    def divides(self, coarser: Grain) -> bool:
        """Whether every partition of another grain consists of whole ones of this; a grain divides itself."""
        if self is coarser or self is Grain.HOUR:
            return True
        if self is Grain.DAY:
            return coarser is not Grain.HOUR
        return self in _MONTHS and coarser in _MONTHS and _MONTHS[coarser] % _MONTHS[self] == 0

    @property
    def first_day(self) -> int:
        """The day on which a week begins; Monday is 0, as Python has it."""
        return _FIRST_DAYS[self]

    @property
    def is_week(self) -> bool:
        """Whether it is seven days long, on whichever day it begins."""
        return self in _FIRST_DAYS

    @property
    def unit(self) -> Grain:
        """The grain that says how long it is, and not where it begins: what intervals are counted in."""
        return Grain.WEEK if self.is_week else self

    @property
    def stored(self) -> Grain:
        """The grain by which BigQuery cuts such a table: it has no partitions by week or quarter."""
        if self.is_week:
            return Grain.DAY
        return Grain.MONTH if self is Grain.QUARTER else self

    @property
    def pieces(self) -> int:
        """Of how many of BigQuery's partitions one consists, at most."""
        if self.is_week:
            return _DAYS
        return _MONTHS[self] if self is Grain.QUARTER else 1

    @property
    def id_length(self) -> int:
        """How many characters of an ISO timestamp name a partition: ``2013``, ``2013-01``, ``2013-01-01T05``.

        A week is named by its first day and a quarter by its first month.
        """
        return _ID_LENGTHS[self]


OTHER_NAMES = {"week(sunday)": "week", "week(monday)": "isoweek"}
"""What else people call a grain: read, and never written."""

_FIRST = "0001-01-01"
"""What completes the name of a longer partition to its first day."""

_DAYS = 7
_FIRST_DAYS = {
    Grain.ISOWEEK: 0,
    Grain.WEEK_TUESDAY: 1,
    Grain.WEEK_WEDNESDAY: 2,
    Grain.WEEK_THURSDAY: 3,
    Grain.WEEK_FRIDAY: 4,
    Grain.WEEK_SATURDAY: 5,
    Grain.WEEK: 6,
}
_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
"""How many months long a partition is, where it is cut at the first of a month."""

_LENGTHS = {
    Grain.HOUR: timedelta(hours=1),
    Grain.DAY: timedelta(days=1),
    **dict.fromkeys(_FIRST_DAYS, timedelta(days=_DAYS)),
}
"""How long the others are."""

_ID_LENGTHS = {
    Grain.HOUR: 13,
    **dict.fromkeys((Grain.DAY, *_FIRST_DAYS), 10),
    **dict.fromkeys((Grain.MONTH, Grain.QUARTER), 7),
    Grain.YEAR: 4,
}


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
        return datetime.fromisoformat(partition_id + _FIRST[len(partition_id) :])

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

    def holding(self, value: date | datetime | str) -> Partition:
        """The partition that a row belongs to, by the value of its partition column."""
        if isinstance(value, str):
            value = datetime.strptime(value, self.suffix)  # noqa: DTZ007  (the name of a table has no zone)
        elif not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  (a wall clock)
        elif value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        return self.grain.floor(value)

    def instant(self, moment: datetime) -> datetime:
        """A moment of the wall clock in UTC (naive); of a local time that there is twice, the first.

        A local time that a clock change skips is what it would be if the clock had not been changed, as in BigQuery. So
        the first one is the change itself, and others of a longer gap lie behind it: they are in no order with those
        after the gap.
        """
        return moment if self.wall == "UTC" else _to_utc(moment, self.wall)

    def local(self, instant: datetime) -> datetime:
        """A UTC instant (naive) on the wall clock."""
        return instant if self.wall == "UTC" else _from_utc(instant, self.wall)


def is_partition(text: str) -> bool:
    """Whether some table may have a partition of this name."""
    try:
        moment = datetime.fromisoformat(text + _FIRST[len(text) :])
    except ValueError:
        return False
    return moment.isoformat().startswith(text) and len(text) in {grain.id_length for grain in Grain}


@functools.cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _to_utc(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=_zone(zone)).astimezone(UTC).replace(tzinfo=None)


def _from_utc(instant: datetime, zone: str) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(_zone(zone)).replace(tzinfo=None)
