"""How a query becomes rows that are published: one file per strategy. Writes are idempotent by their form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.project import Kind
from aggregator.core.writes import OverwritePartitions, ReplaceTable, ReplaceView
from aggregator.strategies import partition, table, view

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel
    from aggregator.core.plan import Step

Publication: TypeAlias = OverwritePartitions | ReplaceTable | ReplaceView
Strategy: TypeAlias = "Callable[[CompiledModel, Step], Publication]"

STRATEGIES: dict[tuple[Kind, bool], Strategy] = {
    (Kind.TABLE, True): partition.write,
    (Kind.TABLE, False): table.write,
    (Kind.VIEW, False): view.write,
}
"""By kind of model and whether it has partitions."""


def write_for(model: CompiledModel, step: Step) -> Publication:
    """What to ask of the engine for a step."""
    return STRATEGIES[model.model.kind, model.calendar is not None](model, step)
