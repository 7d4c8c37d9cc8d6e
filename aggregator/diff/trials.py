"""One version of a project computed beside the tables of the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.core.project import Kind
from aggregator.core.writes import OverwritePartitions, ReplaceTable, ReplaceView, Write
from aggregator.engines.protocol import QueryError
from aggregator.plan.batches import batches
from aggregator.strategies import write_for

if TYPE_CHECKING:
    from aggregator.engines.protocol import Trial


def compute(
    trial: Trial, graph: Graph, wanted: Mapping[TableName, Sequence[str]], advance: Callable[[int], None]
) -> dict[TableName, str]:
    """Compute partitions of models, upstream first; gives those that failed, and why.

    ``advance`` hears of partitions that are done with.
    """
    failed: dict[TableName, str] = {}
    for name, partitions in wanted.items():
        cause = next((table for table in graph.upstream(name) if table in failed), None)
        if cause is not None:
            failed[name] = f"it reads {cause}, which can't be computed"
            continue
        try:
            for write in _writes(graph.models[name], partitions):
                trial.fill(write)
        except QueryError as error:
            failed[name] = str(error)
        advance(len(partitions))
    return failed


def _writes(model: CompiledModel, partitions: Sequence[str]) -> Iterator[Write]:
    """The queries that give the partitions; a view's rows are computed, too."""
    if model.model.kind is Kind.VIEW:
        yield ReplaceTable(model.name, model.sql, model.columns)
        return
    for stretch in batches(model, partitions):
        write = write_for(model, Step(model.name, stretch, Stale(Reason.FULL)))
        assert not isinstance(write, ReplaceView)  # noqa: S101  (it is none)
        yield write
    if not partitions and model.calendar is not None and model.model.partition is not None:
        start = model.model.partition.start  # no rows, but the columns that its readers ask for
        yield OverwritePartitions(model.name, model.sql, model.columns, model.calendar, start, start)
