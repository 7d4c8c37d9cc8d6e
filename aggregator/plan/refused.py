"""What a run would refuse to build, said before it is tried."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby, takewhile

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.plan import Obstacle, Plan, Reason, Refusal
from aggregator.core.project import Kind, Partitioning
from aggregator.core.warehouse import Snapshot
from aggregator.plan.inputs import Inputs
from aggregator.plan.latest import Latest
from aggregator.plan.plan import EVERYTHING, Interval
from aggregator.plan.texts import Texts


def refusals(graph: Graph, snapshot: Snapshot, plan: Plan, interval: Interval = EVERYTHING) -> tuple[Refusal, ...]:
    """What of a plan, and of the interval that it was made for, meets an obstacle; upstream first."""
    found = []
    for name in plan.stale:
        model = graph.models[name]
        found += [
            *_columns(model, snapshot, plan),
            *_outside(model, plan.due[name], interval, snapshot.now),
            *_empty(model, graph, list(plan.stale[name]), snapshot.now),
            *_nothing(model, graph, snapshot, plan),
        ]
    return tuple(found)


def nothing_to_read(model: CompiledModel, graph: Graph, snapshot: Snapshot, plan: Plan) -> dict[str, Latest]:
    """The partitions of a model in a plan that have nothing to read of an input, nor will have by doing the plan."""
    inputs, found = Inputs(model, graph, Texts(snapshot.versions)), dict[str, Latest]()
    for partition in plan.stale[model.name] if inputs.latest else ():
        latest = inputs.lacking(partition)
        if latest is not None and plan.stale.get(latest.table, {}).keys().isdisjoint(latest.among[partition]):
            found[partition] = latest
    return found


def is_from_nothing(plan: Plan, name: TableName) -> bool:
    """Whether every partition of a table is to be rebuilt because the user said so: then it may be dropped first."""
    found = plan.stale[name]
    return len(found) == len(plan.due[name]) and all(stale.reason is Reason.FULL for stale in found.values())


def why_not_due(model: CompiledModel, due: Sequence[str], moment: datetime, now: datetime) -> str:
    """Why a model has no partition at a moment of its own clock; empty if it has one."""
    calendar, partition = model.calendar, model.model.partition
    if calendar is None or partition is None:
        return ""
    first, end = _bounds(calendar, partition, due, now)
    if calendar.next(calendar.grain.floor(moment)) <= first:
        expired = first > calendar.grain.ceil(partition.start)
        begins = f"it begins at {calendar.id(first)} (`from:`)"
        return f"what is before {calendar.id(first)} has expired (`expire:`)" if expired else begins
    if moment < end:
        return ""
    if partition.end is not None and calendar.next(end) > partition.end:
        return f"it ends before {calendar.id(end)} (`to:`)"
    if calendar.local(now.replace(tzinfo=None)) < calendar.next(end):
        return f"{calendar.id(end)} is not over yet"
    return f"what it reads ends before {calendar.id(end)} is complete"


def _bounds(
    calendar: Calendar, partition: Partitioning, due: Collection[str], now: datetime
) -> tuple[datetime, datetime]:
    """The start of the first partition, and the end of the last that is due."""
    first = partition.first(now)
    return first, max((calendar.next(calendar.parse(each)) for each in list(due)[-1:]), default=first)


def _columns(model: CompiledModel, snapshot: Snapshot, plan: Plan) -> Iterator[Refusal]:
    """A table whose rows can't stay beside new ones. It is dropped only where all of it is to be rebuilt."""
    found, stored = plan.stale[model.name], snapshot.columns.get(model.name)
    has_rows = any(version.rows for version in snapshot.versions.get(model.name, {}).values())
    if not found or not stored or not has_rows or model.model.kind is Kind.VIEW or is_from_nothing(plan, model.name):
        return
    after = {column.name.casefold(): column.type for column in model.columns}
    changes = [f"{name} is gone" for name in stored if name.casefold() not in after]
    changes += [
        f"{name} is {type_} in the table and {after[name.casefold()]} in the SELECT"
        for name, type_ in stored.items()
        if type_ and after.get(name.casefold(), type_) not in (type_, "")
    ]
    if changes and after:
        partitions = list(found)
        why = f"{'; '.join(changes)}: old rows and new ones do not fit into one table"
        help_ = f"aggregator run --full --select {model.name}"
        yield Refusal(model.name, partitions[0], partitions[-1], Obstacle.COLUMNS, why, help_)


def _outside(model: CompiledModel, due: Sequence[str], interval: Interval, now: datetime) -> Iterator[Refusal]:
    """What was asked for before the first partition, and after the last that is due."""
    calendar, partition = model.calendar, model.model.partition
    if calendar is None or partition is None:
        return
    (start, end), (first, due_end) = interval, _bounds(calendar, partition, due, now)
    before, after = start and calendar.grain.floor(start), end and calendar.grain.shift(calendar.grain.ceil(end), -1)
    if before is not None and before < first:
        last = calendar.grain.shift(first, -1)
        last = min(last, after) if after is not None else last
        why = why_not_due(model, due, before, now)
        yield Refusal(model.name, calendar.id(before), calendar.id(last), Obstacle.OUTSIDE, why)
    if after is not None and after >= due_end:
        begin = max(due_end, before) if before is not None else due_end
        why = why_not_due(model, due, begin, now)
        yield Refusal(model.name, calendar.id(begin), calendar.id(after), Obstacle.OUTSIDE, why)


def _empty(model: CompiledModel, graph: Graph, partitions: Sequence[str], now: datetime) -> Iterator[Refusal]:
    """Partitions that end before an input begins."""
    if model.calendar is None:
        return
    calendar = model.calendar
    for table in dict.fromkeys(each.table for each in model.inputs if each.map.reach in (Reach.SAME, Reach.LAST)):
        begins = _begins(graph, table, now)
        if begins is None:
            continue
        number = _ended_by(calendar, partitions, begins[0])
        if number:
            why = f"they are built, but {table} begins at {begins[1]}: nothing of it is in them"
            help_ = f"let `from:` of {model.name} be what {table} has"
            yield Refusal(model.name, partitions[0], partitions[number - 1], Obstacle.EMPTY, why, help_)


def _nothing(model: CompiledModel, graph: Graph, snapshot: Snapshot, plan: Plan) -> Iterator[Refusal]:
    """Partitions that have nothing to read of an input of which the latest partition is read, once for neighbours."""
    found, due = nothing_to_read(model, graph, snapshot, plan), plan.due[model.name]
    for latest, same in groupby(due if found else (), found.get):
        partitions = list(same)
        if latest is not None:
            why = latest.lacking(partitions[-1])
            yield Refusal(model.name, partitions[0], partitions[-1], Obstacle.NOTHING, why, latest.advice)


def _ended_by(calendar: Calendar, partitions: Sequence[str], instant: datetime) -> int:
    """How many of some partitions, the oldest first, are over at an instant."""
    ends = (calendar.next(calendar.parse(each)) for each in partitions)
    return sum(1 for _ in takewhile(lambda end: calendar.instant(end) <= instant, ends))


def _begins(graph: Graph, table: TableName, now: datetime) -> tuple[datetime, str] | None:
    """When the first partition of a table begins, in UTC, and its id; None where it has none."""
    calendar = graph.calendars.get(table)
    declared = graph.models[table].model if table in graph.models else graph.sources.get(table)
    if calendar is None or declared is None or declared.partition is None:
        return None
    first = declared.partition.first(now)
    return calendar.instant(first), calendar.id(first)
