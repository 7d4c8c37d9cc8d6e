"""Which partitions of an input an output partition reads: the vocabulary. The arithmetic is in ``plan.maps``."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

from aggregator.core.calendar import Grain


class Reach(StrEnum):
    """The kinds of partition map."""

    SAME = "same"
    """The input partitions that overlap my interval."""
    LAST = "last"
    """My interval, extended back to a given length: ``{last: 7 days}`` is my day and the six before it."""
    OFFSET = "offset"
    """My interval, moved back as a whole: ``{offset: 7 days}`` is the same day a week ago."""
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

    def __str__(self) -> str:
        """As an analyst writes it in front matter."""
        if self.unit is None:
            return str(self.reach)
        plural = "" if self.count == 1 else "s"
        return f"{self.reach}: {self.count} {self.unit}{plural}"


SAME = PartitionMap(Reach.SAME)
ALL = PartitionMap(Reach.ALL)
PREVIOUS = PartitionMap(Reach.PREVIOUS)
