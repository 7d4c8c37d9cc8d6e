"""Views hold no rows: the name is made to stand for the query."""

from __future__ import annotations

from aggregator.core.graph import CompiledModel
from aggregator.core.plan import Step
from aggregator.core.writes import Chosen, ReplaceView


def write(model: CompiledModel, _step: Step, _chosen: Chosen) -> ReplaceView:
    """Replace the view."""
    return ReplaceView(table=model.name, query=model.sql)
