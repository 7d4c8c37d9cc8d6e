"""Which partitions have to be built anew because of a change."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import Snapshot
from aggregator.plan import make_plan
from aggregator.plan.plan import Interval


@dataclasses.dataclass(frozen=True)
class Rebuild:
    """Partitions of a model that are stale after the change.

    ``anyway`` is how many of them are stale without it, too: what was never built, for example.
    """

    partitions: tuple[str, ...]
    anyway: int


def rebuilds(
    before: Graph, after: Graph, snapshot: Snapshot, names: Collection[TableName], interval: Interval
) -> dict[TableName, Rebuild]:
    """What a run of these models would build, by model; nothing of those that are not there after the change.

    What is stale because of something upstream is only known with that among the models.
    """
    stale = make_plan(after, snapshot, selected=names, interval=interval).stale
    old = make_plan(before, snapshot, selected=names, interval=interval).stale
    return {name: Rebuild(tuple(found), len(found.keys() & old.get(name, {}).keys())) for name, found in stale.items()}
