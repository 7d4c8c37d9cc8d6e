"""Which partitions of an input an output partition reads: the vocabulary. Their names are found by ``plan.maps``."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum

from aggregator.core.calendar import Grain


class Reach(StrEnum):
    """The kinds of partition map."""

    SAME = "same"
    """The input partitions that overlap my interval."""
    LAST = "last"
    """My interval, extended back to a given length: ``{last: 7 days}`` is my day and the six before it."""
    OFFSET = "offset"
    """My interval, moved back as a whole: ``{offset: 7 days}`` is the same day a week ago.

    Where the month before lacks a day, its last day stands for it: see :meth:`PartitionMap.keeps_length`.
    """
    LATEST = "latest"
    """Of my interval, extended back to a given length, the newest partition that has rows, and no other.

    Which one that is depends on what stands in the warehouse: it is chosen when a step begins (``plan.latest``). The
    length makes it one of a few, so that whoever only asks which it may be needs no warehouse.
    """
    ALL = "all"
    """The whole table. The only map of an input that has no partitions."""
    PREVIOUS = "previous"
    """The partition before mine, of my own table: the legal self-reference."""


@dataclasses.dataclass(frozen=True, slots=True)
class PartitionMap:
    """A reach, with its length where it has one."""

    reach: Reach
    count: int = 0
    unit: Grain | None = None
    """A week stands for seven days here, wherever they begin."""

    def keeps(self, grain: Grain) -> bool:
        """Whether its length leads from one start of a partition of this grain to another."""
        return self.unit is None or grain.divides(self.unit) or (grain.is_week and self.unit is Grain.WEEK)

    def keeps_length(self, grain: Grain) -> bool:
        """Whether an interval of this grain is moved by its start alone, and is then as long as it was.

        Of an hour, day or week, a month back, both ends may fall on the last day of a month, with nothing between them.
        """
        return self.unit is not None and Grain.MONTH.divides(self.unit) and not Grain.MONTH.divides(grain)

    def keeps_order(self, grain: Grain) -> bool:
        """Whether a later partition of this grain reads nothing earlier than one before it.

        A month before March 30, 23:00 is February 28, 23:00, and before March 31, 00:00 it is February 28, 00:00.
        """
        return grain is not Grain.HOUR or not self.keeps_length(grain)

    def interval(self, grain: Grain, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """What the partition ``[start, end)`` of a table of this grain reads, on its own wall clock; not of ``all``.

        Of ``latest`` it is what one partition is chosen from.
        """
        unit = self.unit or grain
        match self.reach:
            case Reach.LAST | Reach.LATEST:
                return unit.shift(end, -self.count), end
            case Reach.OFFSET:
                moved = unit.shift(start, -self.count)
                return moved, grain.shift(moved, 1) if self.keeps_length(grain) else unit.shift(end, -self.count)
            case Reach.PREVIOUS:
                return grain.shift(start, -1), start
            case _:
                return start, end

    @classmethod
    def parse(cls, text: str) -> PartitionMap:
        """Read what ``str`` gave: ``same``, ``last: 7 days``. Raises ValueError for anything else."""
        reach, _, length = text.partition(": ")
        if not length:
            return cls(Reach(reach))
        count, unit = length.split(" ")
        return cls(Reach(reach), int(count), Grain(unit.removesuffix("s")))

    def __str__(self) -> str:
        """As an analyst writes it in front matter."""
        if self.unit is None:
            return str(self.reach)
        plural = "" if self.count == 1 else "s"
        return f"{self.reach}: {self.count} {self.unit}{plural}"


SAME = PartitionMap(Reach.SAME)
ALL = PartitionMap(Reach.ALL)
PREVIOUS = PartitionMap(Reach.PREVIOUS)
