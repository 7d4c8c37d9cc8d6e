"""What follows when a partition gets other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE
from aggregator.plan.inputs import Inputs


def readers_of(
    graph: Graph, due: Mapping[TableName, Sequence[str]], name: TableName, partition: str
) -> dict[TableName, tuple[str, ...]]:
    """The due partitions of each model that read a partition, at any distance, upstream first; without itself.

    It is the most that may have to be built: what comes out as it was stops there.
    """
    reached: dict[TableName, dict[str, None]] = {name: {partition: None}}
    for model in graph.models.values():
        sources = [table for table in (*graph.upstream(model.name), model.name) if table in reached]
        if not sources:
            continue
        inputs = Inputs(model, graph, {})
        own = reached.setdefault(model.name, {})
        for each in due[model.name]:
            if any(_is_in(reached.get(table), id_) for table, id_ in inputs.partitions(each)):
                own[each] = None
    reached[name].pop(partition, None)
    return {table: tuple(found) for table, found in reached.items() if found}


def _is_in(reached: Mapping[str, None] | None, partition: str) -> bool:
    """Whether an input partition is among those reached; a table that is read whole, if any of it is."""
    return bool(reached) and (partition == WHOLE or partition in (reached or {}))
