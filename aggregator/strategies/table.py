"""Tables without partitions are replaced whole, rows and all at once."""

from __future__ import annotations

from aggregator.core.graph import CompiledModel
from aggregator.core.plan import Step
from aggregator.core.writes import Chosen, ReplaceTable


def write(model: CompiledModel, _step: Step, _chosen: Chosen) -> ReplaceTable:
    """Replace the table."""
    return ReplaceTable(table=model.name, query=model.sql, columns=model.columns)
