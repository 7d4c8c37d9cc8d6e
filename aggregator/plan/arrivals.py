"""Which partitions of some tables have all that they read, now that other partitions have come. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from aggregator.core.graph import Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.warehouse import ABSENT, WHOLE, Snapshot
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
    due = _due(graph, snapshot, readers)
    touched = {each for name in due for each in _touched(graph, name, came) if each in due[name]}
    return [
        each
        for each in sorted(touched)
        if all(_has_all(graph, snapshot, name, each, tables) for name in due if each in due[name])
    ]


def untried(
    graph: Graph, snapshot: Snapshot, readers: Sequence[TableName], tables: Collection[TableName], most: int
) -> list[str]:
    """Of the ``most`` newest partitions, oldest first, those that have all, and that nobody tried to build from that.

    Whoever tried to build one wrote down which partitions it read, in which versions, whether it went well or not.
    """
    due = _due(graph, snapshot, readers)
    found = []
    for each in sorted(set[str]().union(*due.values()))[-most:]:
        names = [name for name in due if each in due[name]]
        is_complete = all(_has_all(graph, snapshot, name, each, tables) for name in names)
        if is_complete and not all(_is_tried(graph, snapshot, name, each, tables) for name in names):
            found.append(each)
    return found


def state_of(
    graph: Graph, snapshot: Snapshot, readers: Sequence[TableName], tables: Collection[TableName], partition: str
) -> str:
    """What a partition would be made from now, in a few characters: others when any version of it is another."""
    read = {each for name in readers for each in _parts(graph, name, partition, tables)}
    said = [f"{table}@{each}={_token(snapshot, table, each)}" for table, each in sorted(read)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def _due(graph: Graph, snapshot: Snapshot, readers: Sequence[TableName]) -> dict[TableName, set[str]]:
    horizon = Horizon(graph, snapshot.now)
    return {name: set(horizon.partitions(name)) for name in readers if graph.calendars[name] is not None}


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


def _is_tried(graph: Graph, snapshot: Snapshot, name: TableName, partition: str, tables: Collection[TableName]) -> bool:
    """Whether the last attempt to build a partition read what is there now of some tables."""
    attempts = (snapshot.ledger.failed, snapshot.ledger.built)
    row = next((found for rows in attempts if (found := rows.get(name, {}).get(partition)) is not None), None)
    recorded = json.loads(row.inputs) if row is not None else []
    versions = {(each["table"], each["partition"]): each["version"] for each in recorded}
    return all(
        versions.get((str(table), each)) == _token(snapshot, table, each)
        for table, each in _parts(graph, name, partition, tables)
    )


def _parts(
    graph: Graph, name: TableName, partition: str, tables: Collection[TableName]
) -> Iterator[tuple[TableName, str]]:
    """The partitions of some tables that a partition reads by its maps; of tables that are read whole, none."""
    for table in graph.reads[name]:
        if table in tables and graph.calendars[name] is not None:
            yield from ((table, each) for each in awaited(graph, name, [partition], table) if each != WHOLE)


def _token(snapshot: Snapshot, table: TableName, partition: str) -> str:
    return snapshot.versions.get(table, {}).get(partition, ABSENT).token
