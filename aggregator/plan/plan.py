"""Graph, warehouse and interval to :class:`Plan`. Pure: reads no clock, no file and no warehouse."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Exempt, Plan, Policy, Reason, Stale, Step
from aggregator.core.warehouse import Snapshot
from aggregator.plan.due import due_partitions
from aggregator.plan.inputs import Inputs
from aggregator.plan.reach import UNCUT, Reached, Stretches, with_inputs
from aggregator.plan.staleness import Staleness
from aggregator.plan.stretches import join
from aggregator.plan.texts import Texts

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar

Interval: TypeAlias = "tuple[datetime | None, datetime | None]"
"""From when to when, on the models' own wall clocks; half-open."""

EVERYTHING: Interval = (None, None)


def make_plan(
    graph: Graph,
    snapshot: Snapshot,
    *,
    selected: Collection[TableName],
    interval: Interval = EVERYTHING,
    full: bool = False,
) -> Plan:
    """What to build so that the selected models are fresh within an interval of their own wall clocks.

    The order of the steps is one in which they can be done. With ``full``, everything is built whatever its state.
    """
    due = due_partitions(graph, snapshot.now)
    texts = Texts(snapshot.versions)
    steps: list[Step] = []
    stale: dict[TableName, dict[str, Stale]] = {}
    exempt: dict[TableName, dict[str, Exempt]] = {}
    asked: dict[TableName, Sequence[str]] = {}
    for name in (name for name in graph.models if name in selected):
        model = graph.models[name]
        found = stale[name] = {}  # seen by its own later partitions too: a model may read itself
        wanted = asked[name] = within(model, due[name], interval)
        judged = Staleness(model, snapshot, Inputs(model, graph, texts), stale)
        judge = judged.judge_all if full else judged.judge
        for partition in wanted:
            reason = judge(partition)
            if reason is not None:
                found[partition] = reason
        left = exempt[name] = _exempt(judged, [each for each in wanted if each not in found])
        steps.extend(_steps(model, due[name], _to_accept(left) | found, snapshot.most_at_once))
    looked_at = sum(map(len, asked.values()))
    return Plan(tuple(steps), due, stale, exempt, looked_at, _unselected(graph, snapshot, asked, due), snapshot.now)


def _exempt(judged: Staleness, partitions: Iterable[str]) -> dict[str, Exempt]:
    """Which of the partitions that are not stale are left as they are by the word of their author."""
    if not judged.may_exempt:
        return {}
    return {each: found for each in partitions if (found := judged.exempt(each)) is not None}


def _to_accept(exempt: Mapping[str, Exempt]) -> dict[str, Stale]:
    """What a run has to do for partitions that are not stale."""
    accepted = (partition for partition, each in exempt.items() if each.policy is Policy.ACCEPT)
    return {partition: Stale(Reason.ACCEPT, exempt[partition].detail) for partition in accepted}


def retry_plan(
    graph: Graph, snapshot: Snapshot, *, selected: Collection[TableName], interval: Interval = EVERYTHING
) -> Plan:
    """What failed when it was built last, and nothing else: neither what is stale, nor what waits for it.

    What is no longer a partition, as its table begins later now, is not built.
    """
    due = due_partitions(graph, snapshot.now)
    steps: list[Step] = []
    stale: dict[TableName, dict[str, Stale]] = {}
    for name in (name for name in graph.models if name in selected):
        model, failed = graph.models[name], snapshot.ledger.failed.get(name, {})
        wanted = (each for each in within(model, due[name], interval) if each in failed)
        stale[name] = {each: Stale(Reason.FAILED, failed[each].message) for each in wanted}
        steps.extend(_steps(model, due[name], stale[name], snapshot.most_at_once))
    looked_at = sum(len(found) for found in stale.values())
    concerned = {name: tuple(found) for name, found in stale.items() if found}
    unselected = _unselected(graph, snapshot, concerned, due)
    return Plan(tuple(steps), due, stale, {name: {} for name in stale}, looked_at, unselected, snapshot.now)


def _unselected(
    graph: Graph, snapshot: Snapshot, asked: Mapping[TableName, Sequence[str]], due: Mapping[TableName, Sequence[str]]
) -> tuple[TableName, ...]:
    """Models that were not selected and have a stale partition of their own that is read by one that is asked for."""
    upstream: set[TableName] = set()
    for name in reversed(list(graph.models)):  # downstream first
        if name in asked or name in upstream:
            upstream.update(graph.upstream(name))
    others = [name for name in graph.models if name in upstream and name not in asked]
    read = _read(graph, snapshot, asked) if others else {}
    texts = Texts(snapshot.versions)
    found = []
    for name in others:
        model = graph.models[name]
        judged = Staleness(model, snapshot, Inputs(model, graph, texts), {})
        if any(judged.judge(each) is not None for each in _of(model, due[name], read.get(name, ()))):
            found.append(name)
    return tuple(found)


def _read(graph: Graph, snapshot: Snapshot, asked: Mapping[TableName, Sequence[str]]) -> Reached:
    """All that some partitions are made from, at any distance."""
    stretches: dict[TableName, Stretches] = {}
    for name, partitions in asked.items():
        calendar = graph.models[name].calendar
        if partitions:
            stretches[name] = UNCUT if calendar is None else join(map(calendar.parse, partitions), calendar.grain)
    return with_inputs(graph, snapshot.now, stretches)


def _of(model: CompiledModel, due: Sequence[str], stretches: Stretches) -> Iterator[str]:
    """Of the partitions that there should be, those that lie in some stretches."""
    if model.calendar is None:
        yield from due if stretches else ()
        return
    for stretch in stretches:
        interval = stretch.first, model.calendar.next(stretch.last)
        yield from within(model, due, interval)


def within(model: CompiledModel, due: Sequence[str], interval: Interval) -> Sequence[str]:
    """The partitions of a model that overlap the interval; a table without partitions always does."""
    return overlapping(model.calendar, due, interval)


def overlapping(calendar: Calendar | None, due: Sequence[str], interval: Interval) -> Sequence[str]:
    """The partitions of a table, oldest first, that overlap the interval."""
    start, end = interval
    if calendar is None or (start is None and end is None):
        return due
    first = (
        0 if start is None else bisect.bisect_right(due, start, key=lambda each: calendar.next(calendar.parse(each)))
    )
    last = len(due) if end is None else bisect.bisect_left(due, end, key=calendar.parse)
    return due[first:last]


def _steps(model: CompiledModel, due: Sequence[str], found: dict[str, Stale], most: int | None) -> Iterator[Step]:
    """Neighbours that are stale for the same reason become one step, if one query may build them, and so many.

    A week or a quarter is written as the partitions that BigQuery stores of it.
    """
    if not found:
        return
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
