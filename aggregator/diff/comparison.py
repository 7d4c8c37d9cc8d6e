"""What is compared with what: the partitions of a model after a change, and those of before that hold the same time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel
from aggregator.core.warehouse import WHOLE
from aggregator.diff.pairing import Pairing, pairing

SAMPLES = 3
"""Partitions of a model that are compared, unless all are: the oldest, the newest, and one between them."""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How a model is compared: for each partition after the change, those that it was before.

    A new model has no ``before``, and no pairing.
    """

    before: CompiledModel | None
    after: CompiledModel
    pairing: Pairing
    partitions: Mapping[str, Sequence[str]]

    @property
    def old_partitions(self) -> list[str]:
        """All partitions to compute of the model as it was."""
        return [each for old in self.partitions.values() for each in old] if self.before else []

    def parameters(self, partition: str) -> dict[str, date | datetime]:
        """The bounds of a partition; nothing where there are none."""
        calendar = self.after.calendar
        if calendar is None:
            return {}
        start = calendar.parse(partition)
        return {"start": calendar.value(start), "end": calendar.value(calendar.next(start))}


def comparison(
    before: CompiledModel | None,
    after: CompiledModel,
    partitions: Sequence[str],
    renamed: Mapping[str, str],
    key: Sequence[str],
) -> Comparison | str:
    """How to compare some partitions of a model, or why that can't be done."""
    if before is None:
        return Comparison(None, after, Pairing(), dict.fromkeys(partitions, ()))
    why = _why_apart(before.calendar, after.calendar)
    if why:
        return why
    pairs = pairing(before, after, renamed, key)
    if isinstance(pairs, str):
        return pairs
    return Comparison(before, after, pairs, {each: _as_before(before, after, each) for each in partitions})


def sample(partitions: Sequence[str]) -> list[str]:
    """The oldest, the newest and one between them."""
    if len(partitions) <= SAMPLES:
        return list(partitions)
    return [partitions[index * (len(partitions) - 1) // (SAMPLES - 1)] for index in range(SAMPLES)]


def _why_apart(before: Calendar | None, after: Calendar | None) -> str:
    """Why the rows of a partition are not those of whole partitions of before."""
    if before is None or after is None:
        return "" if before is after else "it has partitions on one side only"
    if (before.type, before.wall) != (after.type, after.wall):
        return "its partitions are on another clock than before"
    return "" if before.grain.divides(after.grain) else f"it was cut by {before.grain}, and is by {after.grain}"


def _as_before(before: CompiledModel, after: CompiledModel, partition: str) -> tuple[str, ...]:
    """The partitions that a partition was before."""
    if before.calendar is None or after.calendar is None:
        return (WHOLE,)
    start = after.calendar.parse(partition)
    found = before.calendar.grain.range(start, after.calendar.next(start))
    return tuple(before.calendar.id(each) for each in found)
