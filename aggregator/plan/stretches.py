"""Sets of partitions as stretches without gaps: a year of hours is one value."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from aggregator.core.calendar import Grain, Partition


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Stretch:
    """Partitions that follow one another; both ends are in it."""

    first: Partition
    last: Partition

    def partitions(self, grain: Grain) -> Iterator[Partition]:
        """Each of them, oldest first."""
        return grain.range(self.first, grain.shift(self.last, 1))

    def number(self, grain: Grain) -> int:
        """How many they are."""
        return grain.number(self.first, grain.shift(self.last, 1))


def join(partitions: Iterable[Partition], grain: Grain) -> tuple[Stretch, ...]:
    """Partitions, oldest first, as stretches."""
    return union((Stretch(each, each) for each in partitions), grain)


def union(stretches: Iterable[Stretch], grain: Grain) -> tuple[Stretch, ...]:
    """All partitions of some stretches, oldest first."""
    found: list[Stretch] = []
    for stretch in sorted(stretches):
        if found and stretch.first <= grain.shift(found[-1].last, 1):
            found[-1] = Stretch(found[-1].first, max(found[-1].last, stretch.last))
        else:
            found.append(stretch)
    return tuple(found)


def within(stretches: Iterable[Stretch], bounds: Stretch | None) -> tuple[Stretch, ...]:
    """What lies within others; without any, nothing does."""
    if bounds is None:
        return ()
    cut = (Stretch(max(each.first, bounds.first), min(each.last, bounds.last)) for each in stretches)
    return tuple(each for each in cut if each.first <= each.last)


def without(stretches: Iterable[Stretch], others: Iterable[Stretch], grain: Grain) -> tuple[Stretch, ...]:
    """What is in the first ones and not in the others."""
    left = tuple(stretches)
    for other in others:
        before = (Stretch(each.first, min(each.last, grain.shift(other.first, -1))) for each in left)
        after = (Stretch(max(each.first, grain.shift(other.last, 1)), each.last) for each in left)
        left = tuple(each for each in sorted((*before, *after)) if each.first <= each.last)
    return left
