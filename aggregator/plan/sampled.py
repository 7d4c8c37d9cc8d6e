"""Which partitions of which sources a sample is to have. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.core.warehouse import NULL_PARTITION, WHOLE
from aggregator.plan.due import Horizon
from aggregator.plan.plan import EVERYTHING, Interval, overlapping
from aggregator.plan.reach import UNCUT, made_from
from aggregator.plan.stretches import Stretch, join

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.graph import Graph
    from aggregator.core.names import TableName
    from aggregator.core.warehouse import Versions


@dataclasses.dataclass(frozen=True)
class Asked:
    """What somebody wants: partitions of some sources, and those from which partitions of some models are made.

    They lie in an ``interval`` or, where it is open at both ends, are the ``last`` so many.
    """

    sources: Collection[TableName]
    models: Collection[TableName] = ()
    interval: Interval = EVERYTHING
    last: int = 3


def to_sample(graph: Graph, now: datetime, versions: Versions, asked: Asked) -> Mapping[TableName, tuple[str, ...]]:
    """Partitions by source, oldest first; none of a source that is not there, or has none of them."""
    horizon = Horizon(graph, now)
    wanted: dict[TableName, set[str]] = {name: set() for name in graph.sources if name in asked.sources}
    for name, chosen in wanted.items():
        chosen.update(_chosen(graph.calendars[name], _there(graph, horizon, versions, name), asked))
    for name in asked.models:
        for source, partitions in _read(graph, now, name, _of_model(graph, horizon, name, asked)):
            wanted.setdefault(source, set()).update(partitions)
    found = {name: set(_there(graph, horizon, versions, name)) & ids for name, ids in wanted.items()}
    return {name: tuple(sorted(found[name])) for name in graph.sources if name in found}


def _there(graph: Graph, horizon: Horizon, versions: Versions, name: TableName) -> Sequence[str]:
    """The partitions of a source that have rows; of a view, which tells of none, those that it should have by now."""
    calendar, known = graph.calendars[name], versions.get(name)
    if known is None or calendar is None:
        return [WHOLE] if known else []
    if WHOLE not in known:
        return sorted(each for each in known if each != NULL_PARTITION)
    extent = horizon.extent(name)
    return [calendar.id(each) for each in extent.partitions(calendar.grain)] if extent is not None else []


def _of_model(graph: Graph, horizon: Horizon, name: TableName, asked: Asked) -> Sequence[str]:
    """The partitions of a model for which its sources are wanted; of a view, all that it stands for."""
    return _chosen(graph.models[name].calendar, horizon.partitions(name), asked)


def _chosen(calendar: Calendar | None, partitions: Sequence[str], asked: Asked) -> Sequence[str]:
    if calendar is None:
        return partitions
    if asked.interval == EVERYTHING:
        return partitions[-asked.last :]
    return overlapping(calendar, partitions, asked.interval)


def _read(
    graph: Graph, now: datetime, name: TableName, partitions: Sequence[str]
) -> Iterable[tuple[TableName, Iterable[str]]]:
    """The partitions of sources from which some of a model are made, however many models lie in between."""
    calendar = graph.calendars[name]
    if not partitions:
        return
    stretches = join(map(calendar.parse, partitions), calendar.grain) if calendar is not None else UNCUT
    for table, read in made_from(graph, now, name, stretches).items():
        cut = graph.calendars[table]
        if table in graph.sources:
            yield table, _ids(cut, read) if cut is not None else [WHOLE]


def _ids(calendar: Calendar, stretches: Iterable[Stretch]) -> list[str]:
    return [calendar.id(each) for stretch in stretches for each in stretch.partitions(calendar.grain)]
