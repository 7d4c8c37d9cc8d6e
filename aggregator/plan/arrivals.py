"""Which partitions of some tables have all that they read, now that other partitions have come. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from aggregator.core.graph import Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.warehouse import Snapshot
from aggregator.plan.due import Horizon
from aggregator.plan.inverse import readers_of
from aggregator.plan.scheduled import awaited, awaited_latest, missing


def completed(
    graph: Graph,
    snapshot: Snapshot,
    readers: Sequence[TableName],
    tables: Collection[TableName],
    came: Mapping[TableName, Sequence[str]],
) -> list[str]:
    """The partitions, oldest first, that read any of those that ``came``, and whose every reader finds all it needs.

    ``readers`` are cut alike, so a partition of one stands for those of all, by its name. What they need is what their
    maps name of ``tables``. A partition that comes again is among those that came, so what reads it is told again.
    """
    horizon = Horizon(graph, snapshot.now)
    due = {name: set(horizon.partitions(name)) for name in readers if graph.calendars[name] is not None}
    touched = {each for name in due for each in _touched(graph, name, came) if each in due[name]}
    return [
        each
        for each in sorted(touched)
        if all(_has_all(graph, snapshot, name, each, tables) for name in due if each in due[name])
    ]


def _touched(graph: Graph, name: TableName, came: Mapping[TableName, Sequence[str]]) -> Iterator[str]:
    """The partitions of a model that read any of some others, by its maps."""
    model = graph.models[name]
    for edge in model.inputs:
        source = graph.calendars[edge.table]
        if model.calendar is not None and source is not None and edge.map.reach is not Reach.ALL:
            for partition in came.get(edge.table, ()):
                yield from readers_of(edge.map, model.calendar, source, source.parse(partition))


def _has_all(graph: Graph, snapshot: Snapshot, name: TableName, partition: str, tables: Collection[TableName]) -> bool:
    for table in graph.reads[name]:
        if table in tables:
            needed = {
                *awaited(graph, name, [partition], table),
                *awaited_latest(graph, snapshot, name, [partition], table),
            }
            if missing(graph, snapshot, table, sorted(needed)) is not None:
                return False
    return True
