"""One version of a project computed beside the tables of the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Reason, Stale, Step
from aggregator.core.project import Kind
from aggregator.core.warehouse import Version, Versions
from aggregator.core.writes import OverwritePartitions, ReplaceTable, ReplaceView, Write
from aggregator.engines.protocol import QueryError
from aggregator.plan.batches import batches
from aggregator.plan.inputs import Inputs
from aggregator.plan.texts import Texts
from aggregator.strategies import write_for

if TYPE_CHECKING:
    from aggregator.engines.protocol import Trial

Wanted: TypeAlias = Mapping[TableName, Sequence[str]]
"""Partitions by model."""


def compute(
    trial: Trial, graph: Graph, wanted: Wanted, there: Versions, advance: Callable[[int], None]
) -> dict[TableName, str]:
    """Compute partitions of models, upstream first; gives those that failed, and why.

    ``there`` are the versions of the warehouse; ``advance`` hears of partitions that are done with.
    """
    failed: dict[TableName, str] = {}
    texts = Texts(there | {name: _computed(each) for name, each in wanted.items() if name not in there})
    for name, partitions in wanted.items():
        cause = next((table for table in graph.upstream(name) if table in failed), None)
        if cause is not None:
            failed[name] = f"it reads {cause}, which can't be computed"
            continue
        try:
            for write in _writes(graph.models[name], partitions, Inputs(graph.models[name], graph, texts)):
                trial.fill(write)
        except QueryError as error:
            failed[name] = str(error)
        advance(len(partitions))
    return failed


def _computed(partitions: Iterable[str]) -> dict[str, Version]:
    """What is computed of a table that is not in the warehouse yet: whether it has rows, nobody knows before."""
    return dict.fromkeys(partitions, Version(1, ""))


def _writes(model: CompiledModel, partitions: Sequence[str], inputs: Inputs) -> Iterator[Write]:
    """The queries that give the partitions; a view's rows are computed, too.

    Where the latest of several partitions is read, it is the one that the warehouse has, in both versions.
    """
    if model.model.kind is Kind.VIEW:
        yield ReplaceTable(model.name, model.sql, model.columns)
        return
    for stretch in batches(model, partitions):
        lacking = inputs.lacking(stretch[0])
        if lacking is not None:
            raise QueryError(lacking.lacking(stretch[0]))
        write = write_for(model, Step(model.name, stretch, Stale(Reason.FULL)), inputs.chosen(stretch[0]))
        assert not isinstance(write, ReplaceView)  # noqa: S101  (it is none)
        yield write
    if not partitions and model.calendar is not None and model.model.partition is not None:
        start = model.model.partition.start  # no rows, but the columns that its readers ask for
        chosen = {name: value for each in inputs.latest.values() for name, value in each.nothing.items()}
        yield OverwritePartitions(model.name, model.sql, model.columns, model.calendar, start, start, chosen)
