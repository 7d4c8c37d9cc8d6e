"""Tables without partitions are replaced whole, rows and all at once."""

from __future__ import annotations

from aggregator.core.graph import CompiledModel
from aggregator.core.plan import Step
from aggregator.core.writes import ReplaceTable


def write(model: CompiledModel, _step: Step) -> ReplaceTable:
    """Replace the table."""
    return ReplaceTable(table=model.name, query=model.sql, columns=model.columns)
