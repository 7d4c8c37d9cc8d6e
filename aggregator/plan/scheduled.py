"""What a scheduler is to do: the partitions that fall to an interval of time, and those that have to be there before.

Intervals are half-open, of instants in UTC without a zone. Whatever the grains, the zones and the schedule, intervals
that follow one another without a gap have every partition once. Pure.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind, Model, Source
from aggregator.core.warehouse import ABSENT, WHOLE, Snapshot
from aggregator.plan.due import Horizon
from aggregator.plan.latest import latest_inputs
from aggregator.plan.reads import reads_through

Instants: TypeAlias = tuple[datetime, datetime]


def fallen_due(graph: Graph, name: TableName, interval: Instants, now: datetime) -> tuple[str, ...]:
    """The partitions of a model that became due within an interval, its end included: those that a run builds.

    Of a roll-up that may be partial, also the one that is under way. A table without partitions is due in each.
    What expired since, as of ``now``, is not built any more: a backfill of long ago has nothing to do.
    """
    model, (start, end) = graph.models[name], interval
    due = Horizon(graph, end).partitions(name)
    calendar = model.calendar
    if calendar is None:
        return due
    if model.model.rollup is not None and model.model.rollup.is_partial:
        first = bisect.bisect_right(due, start, key=lambda each: _end(calendar, each))
    else:
        before = Horizon(graph, start).partitions(name)
        first = bisect.bisect_right(due, before[-1]) if before else 0
    return tuple(_not_expired(graph, name, due[first:], now))


def awaited(graph: Graph, name: TableName, partitions: Iterable[str], table: TableName) -> tuple[str, ...]:
    """The partitions of a table that some partitions of a model read, by their maps, oldest first.

    What lies before the table's ``from:`` or after its ``to:`` is never there, and not waited for. The empty id stands
    for the whole table. Where one of several is read, it is for :func:`awaited_latest` to say.
    """
    model, source = graph.models[name], graph.calendars[table]
    asked, found = list(partitions), set[str]()
    maps = dict.fromkeys(edge.map for edge in model.inputs if edge.table == table)
    for map_ in (each for each in maps if each.reach is not Reach.LATEST):
        if map_.reach is Reach.ALL or source is None or model.calendar is None:
            found |= {WHOLE} if asked else set()
        else:
            reads = reads_through(map_, model.calendar, source)
            found.update(each for partition in asked for each in reads[partition])
    return tuple(sorted(_existing(graph, table, found)))


def awaited_latest(
    graph: Graph, snapshot: Snapshot, name: TableName, partitions: Iterable[str], table: TableName
) -> tuple[str, ...]:
    """The same where the latest of several partitions is read: any of them will do.

    While none is there, the newest stands for them all.
    """
    found, asked = set[str](), list(partitions)
    for latest in latest_inputs(graph.models[name], graph.calendars):
        for partition in asked if latest.table == table else ():
            among = list(_existing(graph, table, latest.among[partition]))
            absent = missing(graph, snapshot, table, among)
            if absent is not None and len(absent.partitions) == len(among):
                found.add(among[-1])
    return tuple(sorted(found))


def _existing(graph: Graph, table: TableName, partitions: Iterable[str]) -> Iterator[str]:
    calendar, partition = graph.calendars[table], _declared(graph, table).partition
    for each in partitions:
        if each == WHOLE or calendar is None or partition is None:
            yield each
        else:
            start = calendar.parse(each)
            if start >= calendar.grain.ceil(partition.start) and (partition.end is None or start < partition.end):
                yield each


def _not_expired(graph: Graph, table: TableName, partitions: Iterable[str], now: datetime) -> Iterator[str]:
    """Those of some partitions that have not gone by themselves."""
    calendar, partition = graph.calendars[table], _declared(graph, table).partition
    if calendar is None or partition is None or partition.expire is None:
        yield from partitions
        return
    first = calendar.id(partition.first(now))
    yield from (each for each in partitions if each == WHOLE or each >= first)


@dataclasses.dataclass(frozen=True)
class Missing:
    """Partitions of a table that are not there, oldest first; why the first of them is not, and whose they are."""

    table: TableName
    partitions: tuple[str, ...]
    why: str
    owner: str

    def __str__(self) -> str:
        """For people."""
        if self.partitions == (WHOLE,):
            return f"{self.table} {self.why} (owner: {self.owner})"
        first, last, number = self.partitions[0], self.partitions[-1], len(self.partitions)
        which = first if number == 1 else f"{number} partitions from {first} to {last}"
        return f"{self.table}@{which} {self.why} (owner: {self.owner})"


def missing(graph: Graph, snapshot: Snapshot, table: TableName, wanted: Sequence[str]) -> Missing | None:
    """Which of some partitions of a table are not there yet; None if all are.

    A partition of a model is there if its last build was not a failure, read its inputs after the partition was over,
    and left the rows that it still has. Whether it is fresh beyond that is no matter of waiting: a table that reads
    another one whole is stale whenever that changes. A partition of a source, of which nobody says when it is loaded,
    is there if it or a later one has rows; of a source that ended, if the source has any. What has expired is not
    missing, as it will never be there again.
    """
    model = graph.models.get(table)
    lacking = _not_built(model, snapshot) if model is not None else _not_arrived(graph, snapshot, table)
    lasting = _not_expired(graph, table, wanted, snapshot.now)
    found = {each: why for each in lasting if (why := lacking(each))}
    if not found:
        return None
    return Missing(table, tuple(found), next(iter(found.values())), _declared(graph, table).owner)


def _not_built(model: CompiledModel, snapshot: Snapshot) -> Callable[[str], str]:
    """Why a partition of a model is not there; empty if it is."""
    calendar, is_view = model.calendar, model.model.kind is Kind.VIEW
    versions = snapshot.versions.get(model.name, {})
    built, failed = snapshot.ledger.built.get(model.name, {}), snapshot.ledger.failed.get(model.name, {})

    def why(partition: str) -> str:
        if partition == WHOLE and calendar is not None:  # read whole: as much as there is
            return "" if built else "was never built"
        if partition in failed:
            return f"failed when it was built last: {failed[partition].message}"
        row = built.get(partition)
        if row is None:
            return "was not built yet"
        if calendar is not None and row.read_at.astimezone(UTC).replace(tzinfo=None) < _end(calendar, partition):
            return "was built before it was over"
        is_as_written = is_view or row.version == versions.get(partition, ABSENT).token
        return "" if is_as_written else "was changed by someone else since it was built"

    return why


def _not_arrived(graph: Graph, snapshot: Snapshot, table: TableName) -> Callable[[str], str]:
    """The same of a source."""
    calendar, partition = graph.calendars[table], graph.sources[table].partition
    newest = max(snapshot.versions.get(table, {}), default=None)
    end = calendar.instant(partition.end) if calendar is not None and partition is not None and partition.end else None
    has_ended = end is not None and end <= snapshot.now.replace(tzinfo=None)

    def why(each: str) -> str:
        if newest is None:
            return "has no rows"
        return "" if has_ended or each <= newest else "has not arrived"

    return why


def _end(calendar: Calendar, partition: str) -> datetime:
    """When a partition is over, in UTC."""
    return calendar.instant(calendar.next(calendar.parse(partition)))


def _declared(graph: Graph, table: TableName) -> Model | Source:
    return graph.models[table].model if table in graph.models else graph.sources[table]
