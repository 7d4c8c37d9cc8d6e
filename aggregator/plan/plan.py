"""Graph, warehouse and interval to :class:`Plan`. Pure: reads no clock, no file and no warehouse."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Plan, Policy, Reason, Stale, Step
from aggregator.core.warehouse import Snapshot
from aggregator.plan.due import due_partitions
from aggregator.plan.staleness import Staleness


def make_plan(
    graph: Graph,
    snapshot: Snapshot,
    *,
    selected: Collection[TableName],
    interval: tuple[datetime | None, datetime | None] = (None, None),
    full: bool = False,
) -> Plan:
    """What to build so that the selected models are fresh within an interval of their own wall clocks.

    The order of the steps is one in which they can be done. With ``full``, everything is built whatever its state.
    """
    due = due_partitions(graph, snapshot.now)
    steps: list[Step] = []
    stale: dict[TableName, dict[str, Stale]] = {}
    exempt: dict[TableName, dict[str, Exempt]] = {}
    looked_at = 0
    for name in (name for name in graph.models if name in selected):
        model, judged = graph.models[name], Staleness(graph.models[name], graph, snapshot)
        left = exempt[name] = {}
        found = stale[name] = {}  # seen by its own later partitions too: a model may read itself
        for partition in due[name]:
            if not _within(model, partition, interval):
                continue
            looked_at += 1
            is_forced = full and not judged.gone(partition)
            reason = Stale(Reason.FULL, "asked for") if is_forced else judged.judge(partition, stale)
            if reason is not None:
                found[partition] = reason
            elif (exemption := judged.exempt(partition)) is not None:
                left[partition] = exemption
        steps.extend(_steps(model, due[name], _to_accept(left) | found, snapshot.most_at_once))
    return Plan(tuple(steps), due, stale, exempt, looked_at, _unselected(graph, snapshot, selected, due), snapshot.now)


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


def _to_accept(exempt: Mapping[str, Exempt]) -> dict[str, Stale]:
    """What a run has to do for partitions that are not stale."""
    accepted = (partition for partition, each in exempt.items() if each.policy is Policy.ACCEPT)
    return {partition: Stale(Reason.ACCEPT, exempt[partition].detail) for partition in accepted}


def _within(model: CompiledModel, partition: str, interval: tuple[datetime | None, datetime | None]) -> bool:
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
