"""Tables whose rows are groups: what was declared of them, and what whoever rolls them up has to know."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.core.diagnostics import Place

if TYPE_CHECKING:
    from aggregator.core.calendar import Grain
    from aggregator.core.diagnostics import Word
    from aggregator.core.maps import PartitionMap
    from aggregator.core.plain import Plain

NOWHERE = Place("")


@dataclasses.dataclass(frozen=True)
class MeasureDeclaration:
    """One of the ``measures:``, as written: ``planes: {distinct: tailnum}``. The kind of measure gives it meaning."""

    name: str
    arguments: Mapping[str, Plain]
    place: Place = NOWHERE

    def unplaced(self) -> MeasureDeclaration:
        """The same, without where it stands: what readers know of it does not change when lines are added above."""
        return MeasureDeclaration(str(self.name), {str(key): _bare(value) for key, value in self.arguments.items()})


@dataclasses.dataclass(frozen=True)
class RollupDeclaration:
    """``rollup:`` as written; ``of`` is the name of a table.

    Either ``to`` or ``rolling`` is there, written ``at`` a place: the grain of the buckets, or the stretch of time that
    ends with each partition. ``dimensions`` are those that are kept, None for all; so are ``measures``. ``column`` is
    the name of the time column, empty for the usual one. ``start`` is the moment before which nothing is wanted. With
    ``keeps_gone``, partitions of the table may go without the buckets that were made from them.
    """

    of: Word
    place: Place
    at: Place = NOWHERE
    to: Grain | None = None
    rolling: PartitionMap | None = None
    dimensions: tuple[Word, ...] | None = None
    measures: tuple[Word, ...] | None = None
    where: Word | None = None
    is_partial: bool = False
    column: str = ""
    zone: str = ""
    start: datetime | None = None
    keeps_gone: bool = False


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A column of a table that can't be rolled up: what kind of number it is, why that is, and what to do instead."""

    column: str
    what: str
    reason: str
    fix: str


@dataclasses.dataclass(frozen=True)
class Aggregate:
    """What there is to know of a table whose rows are groups, for whoever makes coarser groups of them.

    ``dimensions`` are without ``time``, the partition column, which is empty where there is none. ``base`` is the grain
    of the facts' own aggregation, at the bottom of a chain of roll-ups. Rows of a table that is ``rolling`` share facts
    with rows of other partitions. ``filtered_by`` is the clause that left groups out.
    """

    dimensions: tuple[str, ...]
    time: str
    measures: tuple[MeasureDeclaration, ...]
    base: Grain | None = None
    start: datetime | None = None
    end: datetime | None = None
    rolling: PartitionMap | None = None
    refused: tuple[Refusal, ...] = ()
    filtered_by: str = ""
    is_declared: bool = True


def _bare(value: Plain) -> Plain:
    """Plain data without the places of its words."""
    if isinstance(value, str):
        return str(value)
    return [_bare(each) for each in value] if isinstance(value, list) else value
