"""What has to be computed, and in which order, so that some partitions can be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE
from aggregator.plan.inputs import Inputs
from aggregator.plan.texts import Texts

Due = Mapping[TableName, Sequence[str]]
"""The partitions that each model should have."""
Wanted = Mapping[TableName, Collection[str]]
"""Partitions by model."""


def needed(graph: Graph, wanted: Wanted, among: Collection[TableName], due: Due) -> dict[TableName, list[str]]:
    """The wanted partitions and all that they read of some models, at any distance; upstream first.

    The others are read as they are in the warehouse, and so is what a model reads of itself.
    """
    found: dict[TableName, set[str]] = {name: set(partitions) for name, partitions in wanted.items()}
    for name in reversed(list(graph.models)):
        if name not in found:
            continue
        inputs = Inputs(graph.models[name], graph, Texts({}))
        for table, partition in {each for one in found[name] for each in inputs.partitions(one)}:
            if table in among and table in graph.models and table != name:
                found.setdefault(table, set()).update(_of(due[table], partition))
    return {name: sorted(found[name]) for name in graph.models if name in found}


def _of(due: Sequence[str], partition: str) -> Collection[str]:
    """Of the partitions that there should be, those that are meant."""
    if partition == WHOLE:
        return due
    return (partition,) if partition in due else ()
