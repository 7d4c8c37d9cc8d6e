"""Two graphs to the models that differ between them, and how."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from aggregator.core.graph import Graph
from aggregator.core.names import TableName


class How(StrEnum):
    """How a model is affected by a change."""

    CHANGED = "changed"
    """It computes something else."""
    DOWNSTREAM = "downstream"
    """It reads what changes, at any distance."""
    NEW = "new"
    DELETED = "deleted"
    BROKEN = "has errors"
    """It can't be compiled after the change."""
    MENDED = "had errors"
    """It could not be compiled before the change."""


def affected(before: Graph, after: Graph) -> dict[TableName, How]:
    """The models that a change concerns, upstream first; those that can't be compiled, and deleted ones, come last."""
    found = dict(_own(before, after))
    for graph in (after, before):
        for name in graph.models:
            if name not in found and any(table in found for table in graph.upstream(name)):
                found[name] = How.DOWNSTREAM
    ordered = [name for name in after.models if name in found]
    return {name: found[name] for name in (*ordered, *sorted(found.keys() - set(ordered)))}


def _own(before: Graph, after: Graph) -> Iterator[tuple[TableName, How]]:
    """The models that are different by themselves."""
    old, new = _declared(before), _declared(after)
    for name in old | new:
        if name not in new:
            yield name, How.DELETED
        elif name not in old:
            yield name, How.NEW if name in after.models else How.BROKEN
        elif name not in after.models:
            if name in before.models or _text(before, name) != _text(after, name):
                yield name, How.BROKEN
        elif name not in before.models:
            yield name, How.MENDED
        elif before.models[name].fingerprint != after.models[name].fingerprint:
            yield name, How.CHANGED


def _declared(graph: Graph) -> set[TableName]:
    """All models, those with errors among them."""
    project = graph.project
    return {*project.models, *graph.models, *project.broken} - project.sources.keys()


def _text(graph: Graph, name: TableName) -> str:
    return graph.project.digests.get(name, "")
