"""Graph, warehouse and interval to :class:`Plan`. Pure: reads no clock, no file and no warehouse."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Reason, Stale, Step
from aggregator.core.warehouse import Snapshot
from aggregator.plan.due import due_partitions
from aggregator.plan.staleness import Staleness

Interval: TypeAlias = tuple[datetime | None, datetime | None]
"""From when on and until when, on the wall clock of each table; None where there is no limit."""


def make_plan(
    graph: Graph,
    snapshot: Snapshot,
    *,
    selected: Collection[TableName],
    interval: Interval = (None, None),
    full: bool = False,
) -> Plan:
    """What to build so that the selected models are fresh within an interval of their own wall clocks.

    The order of the steps is one in which they can be done. With ``full``, everything is built whatever its state.
    """
    due = due_partitions(graph, snapshot.now)
    steps: list[Step] = []
    stale: dict[TableName, dict[str, Stale]] = {}
    looked_at = 0
    for name in (name for name in graph.models if name in selected):
        model, judged = graph.models[name], Staleness(graph.models[name], graph, snapshot)
        found = stale[name] = {}  # seen by its own later partitions too: a model may read itself
        for partition in due[name]:
            if not within(model, partition, interval):
                continue
            looked_at += 1
            reason = Stale(Reason.FULL, "asked for") if full else judged.judge(partition, stale)
            if reason is not None:
                found[partition] = reason
        steps.extend(_steps(model, due[name], found, snapshot.most_at_once))
    return Plan(tuple(steps), due, stale, looked_at, _unselected(graph, snapshot, selected, due), snapshot.now)


def _unselected(
    graph: Graph, snapshot: Snapshot, selected: Collection[TableName], due: Mapping[TableName, Sequence[str]]
) -> tuple[TableName, ...]:
    """Models upstream of the selected ones that were not selected and have a stale partition of their own."""
    upstream: set[TableName] = set()
    for name in reversed(list(graph.models)):  # downstream first
        if name in selected or name in upstream:
            upstream.update(graph.upstream(name))
    found = []
    for name in (each for each in graph.models if each in upstream and each not in selected):
        judged = Staleness(graph.models[name], graph, snapshot)
        if any(judged.judge(partition, {}) is not None for partition in due[name]):
            found.append(name)
    return tuple(found)


def within(model: CompiledModel, partition: str, interval: Interval) -> bool:
    """Whether a partition overlaps the interval; a table without partitions always does."""
    if model.calendar is None:
        return True
    start, end = interval
    first = model.calendar.parse(partition)
    return (end is None or first < end) and (start is None or model.calendar.next(first) > start)


def _steps(model: CompiledModel, due: Sequence[str], found: dict[str, Stale], most: int | None) -> Iterator[Step]:
    """Neighbours that are stale for the same reason become one step, if one query may build them, and so many.

    A week or a quarter is written as the partitions that BigQuery stores of it.
    """
    run: list[str] = []
    longest = max(1, most // model.calendar.grain.pieces) if most and model.calendar else None
    for partition in due:
        cause = found.get(partition)
        if run and (cause is None or len(run) == longest or not _together(model, found[run[-1]], cause)):
            yield Step(model.name, tuple(run), found[run[0]])
            run = []
        if cause is not None:
            run.append(partition)
    if run:
        yield Step(model.name, tuple(run), found[run[0]])


def _together(model: CompiledModel, one: Stale, other: Stale) -> bool:
    return not model.one_by_one and (one.reason, one.pending) == (other.reason, other.pending)
