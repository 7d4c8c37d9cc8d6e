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
    from aggregator.core.writes import Chosen

Publication: TypeAlias = OverwritePartitions | ReplaceTable | ReplaceView
Strategy: TypeAlias = "Callable[[CompiledModel, Step, Chosen], Publication]"

STRATEGIES: dict[tuple[Kind, bool], Strategy] = {
    (Kind.TABLE, True): partition.write,
    (Kind.TABLE, False): table.write,
    (Kind.VIEW, False): view.write,
}
"""By kind of model and whether it has partitions."""


def write_for(model: CompiledModel, step: Step, chosen: Chosen) -> Publication:
    """What to ask of the engine for a step; ``chosen`` are the input partitions that its query reads of several."""
    return STRATEGIES[model.model.kind, model.calendar is not None](model, step, chosen)
