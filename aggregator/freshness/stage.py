"""All tables of a graph, each beside its promise."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aggregator.core.calendar import Calendar
from aggregator.core.declared import Freshness
from aggregator.core.freshness import Arrival, FreshnessReport, Level, TableFreshness, length, said
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.warehouse import NULL_PARTITION, WHOLE, Snapshot
from aggregator.freshness.deadlines import Deadlines, earliest, of_partition, of_writing
from aggregator.freshness.usual import Delay, odd_volume, usual_delay
from aggregator.plan.due import Horizon

HISTORY = 400
"""Partitions of each model whose arrival is worth looking up: a year of days."""

_NOTHING = Freshness()
_NAMED = 3
"""Missing partitions that are listed one by one."""


def promising(graph: Graph) -> list[TableName]:
    """The tables that promise something: sources, then models, upstream first."""
    sources = [name for name, source in graph.sources.items() if source.freshness is not None]
    return sources + [name for name, model in graph.models.items() if model.model.freshness is not None]


def freshness_of(
    graph: Graph, snapshot: Snapshot, tables: Iterable[TableName], arrivals: Iterable[Arrival] = ()
) -> FreshnessReport:
    """Some tables at the snapshot's clock; ``arrivals`` are all that is known."""
    stage = _Stage(graph, snapshot, arrivals)
    return FreshnessReport(tuple(stage.table(name) for name in tables), snapshot.now)


def as_of(graph: Graph, snapshot: Snapshot, at: datetime) -> Snapshot:
    """A snapshot as if it were another time: partitions that were not over then are not there.

    When rows were written is not asked, as a warehouse that was filled later would have had none.
    """
    versions = {}
    for name, found in snapshot.versions.items():
        calendar = graph.calendars.get(name)
        versions[name] = {
            each: version
            for each, version in found.items()
            if calendar is None or each == NULL_PARTITION or _end(calendar, each) <= at
        }
    return dataclasses.replace(snapshot, versions=versions, now=at)


@dataclasses.dataclass(frozen=True)
class _Partitions:
    """The partitions of a table that are over and should be there, and those of them that are; oldest first."""

    over: Sequence[str]
    there: frozenset[str]
    next: str | None
    """The first that is not over yet; None where no more come."""

    @property
    def newest(self) -> str | None:
        return next((each for each in reversed(self.over) if each in self.there), None)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(each for each in self.over if each not in self.there)


class _Stage:
    def __init__(self, graph: Graph, snapshot: Snapshot, arrivals: Iterable[Arrival]) -> None:
        self._graph = graph
        self._snapshot = snapshot
        self._now = snapshot.now
        self._horizon = Horizon(graph, snapshot.now)
        self._arrivals: dict[TableName, list[Arrival]] = {}
        for each in arrivals:
            self._arrivals.setdefault(each.model, []).append(each)

    def table(self, name: TableName) -> TableFreshness:
        source = self._graph.sources.get(name)
        model = self._graph.models[name].model if source is None else None
        declared = source or model
        assert declared is not None  # noqa: S101  (a table is one of both)
        promise = declared.freshness or _NOTHING
        kind = "source" if model is None else str(model.kind)
        empty = TableFreshness(name, kind, declared.owner, said(promise), Level.NO_PROMISE)
        if model is not None and model.kind is Kind.VIEW:
            return dataclasses.replace(empty, notes=("it stores nothing: it is as fresh as what it reads",))
        calendar = self._graph.calendars[name]
        found = self._whole(empty, promise) if calendar is None else self._partitioned(empty, promise, calendar)
        return found if promise != _NOTHING else dataclasses.replace(found, level=Level.NO_PROMISE)

    def _whole(self, table: TableFreshness, promise: Freshness) -> TableFreshness:
        """A table without partitions, which the ledger knows if it is ours."""
        row = self._snapshot.ledger.built.get(table.table, {}).get(WHOLE)
        if table.kind == "source" or row is None:
            if table.table not in self._snapshot.versions:
                return dataclasses.replace(table, level=Level.ERROR, notes=("it is not there",))
            note = "it has no partitions, and nothing here tells when its rows last changed"
            return dataclasses.replace(table, level=Level.UNKNOWN, notes=(note,))
        if row.written_at > self._now:
            note = "it was written later than that; how it was before is not known"
            return dataclasses.replace(table, level=Level.UNKNOWN, notes=(note,))
        deadlines = of_writing(promise, row.written_at, self._graph.project.zone)
        return self._judged(
            dataclasses.replace(table, complete_until=row.written_at, warn_at=deadlines.warn, error_at=deadlines.error)
        )

    def _partitioned(self, table: TableFreshness, promise: Freshness, calendar: Calendar) -> TableFreshness:
        found = self._partitions(table.table, calendar)
        newest, missing = found.newest, found.missing
        if table.kind == "source":  # it may begin later than was declared: nobody here fills it
            oldest = next((each for each in found.over if each in found.there), "")
            missing = tuple(each for each in missing if each > oldest)
        after = tuple(each for each in missing if newest is None or each > newest)
        holes = missing[: len(missing) - len(after)]
        notes = [*_missing_notes(holes, after, newest), *self._failures(table.table, missing)]
        table = dataclasses.replace(
            table, newest=newest, complete_until=_end(calendar, newest) if newest else None, missing=missing
        )
        waited, odd = after[0] if after else found.next, ""
        if waited is not None:
            table = self._awaiting(table, promise, calendar, waited)
            odd = self._odd(table.table, calendar, newest)
        elif newest is not None:  # and what is odd about it is that it may be short
            notes.append(f"it ends with {newest}: nothing more is expected")
        if holes:
            table = _with_hole(table, of_partition(promise, calendar, calendar.parse(holes[0])))
        notes += [*table.notes, *([odd] if odd else [])]
        judged = self._judged(dataclasses.replace(table, notes=tuple(notes)))
        return dataclasses.replace(judged, level=Level.WARN) if odd and judged.level is Level.FRESH else judged

    def _awaiting(self, table: TableFreshness, promise: Freshness, calendar: Calendar, waited: str) -> TableFreshness:
        """The deadlines of the first partition that is not there, and when it is usually there."""
        deadlines = of_partition(promise, calendar, calendar.parse(waited))
        table = dataclasses.replace(table, warn_at=deadlines.warn, error_at=deadlines.error)
        delay = usual_delay(calendar, self._arrivals.get(table.table, ()), self._now)
        if delay is None:
            return table
        usually_at = _end(calendar, waited) + delay.median
        return dataclasses.replace(
            table,
            warn_at=earliest(deadlines.warn, usually_at + delay.slack),
            usually_at=usually_at,
            notes=tuple(self._usual(calendar, delay, usually_at, deadlines.error)),
        )

    def _partitions(self, name: TableName, calendar: Calendar) -> _Partitions:
        """What is over, what of it is there, and what comes next. A partition that was built without rows is there."""
        extent = self._horizon.extent(name)
        without_rows = (each for each, row in self._snapshot.ledger.built.get(name, {}).items() if not row.rows)
        there = frozenset((*self._snapshot.versions.get(name, {}), *without_rows))
        ids = list(calendar.grain.range(extent.first, calendar.next(extent.last))) if extent is not None else []
        number = bisect.bisect_right(ids, self._now, key=lambda each: _end(calendar, calendar.id(each)))
        over = [calendar.id(each) for each in ids[:number]]
        return _Partitions(over, there, self._following(name, calendar, over, ids))

    def _following(
        self, name: TableName, calendar: Calendar, over: Sequence[str], ids: Sequence[datetime]
    ) -> str | None:
        """The partition that comes next, unless the table, or what it is made of, has ended."""
        if len(over) < len(ids):
            return calendar.id(ids[len(over)])
        following = calendar.next(ids[-1]) if ids else calendar.grain.ceil(self._begin(name))
        later = Horizon(self._graph, self._now.replace(tzinfo=None) + 2 * (calendar.next(following) - following))
        extent = later.extent(name)
        return calendar.id(following) if extent is not None and extent.last >= following else None

    def _begin(self, name: TableName) -> datetime:
        source = self._graph.sources.get(name)
        declared = source.partition if source is not None else self._graph.models[name].model.partition
        assert declared is not None  # noqa: S101  (what has a calendar has declared how it is cut)
        return declared.start

    def _failures(self, name: TableName, missing: Sequence[str]) -> Iterator[str]:
        """Why the latest partition is not there that was tried."""
        failed = self._snapshot.ledger.failed.get(name, {})
        tried = next((each for each in reversed(missing) if each in failed), None)
        if tried is not None:
            yield f"{tried} failed: {failed[tried].message}"

    def _usual(
        self, calendar: Calendar, delay: Delay, usually_at: datetime, error_at: datetime | None
    ) -> Iterator[str]:
        local = usually_at.astimezone(ZoneInfo(calendar.zone))
        late = self._now - usually_at
        note = f"usually there by {local:%H:%M}"
        if late > delay.slack:
            note += f"; this one is {length(late.total_seconds())} late"
        yield note
        if error_at is not None and usually_at > error_at:
            yield f"that is {length((usually_at - error_at).total_seconds())} after what is promised"

    def _odd(self, name: TableName, calendar: Calendar, newest: str | None) -> str:
        rows = {each: version.rows for each, version in self._snapshot.versions.get(name, {}).items()}
        rows.pop(NULL_PARTITION, None)
        return odd_volume(calendar, rows, newest) if newest in rows and newest is not None else ""

    def _judged(self, table: TableFreshness) -> TableFreshness:
        """The level by the deadlines, and the age."""
        level = Level.FRESH
        if table.error_at is not None and table.error_at <= self._now:
            level = Level.ERROR
        elif table.warn_at is not None and table.warn_at <= self._now:
            level = Level.WARN
        since = table.complete_until
        lag = None if since is None else int((self._now - since).total_seconds())
        return dataclasses.replace(table, level=level, lag_seconds=lag)


def _with_hole(table: TableFreshness, hole: Deadlines) -> TableFreshness:
    """A day without rows may be one on which nothing happened, if it is of a source."""
    error = table.error_at if table.kind == "source" else earliest(table.error_at, hole.error)
    return dataclasses.replace(table, warn_at=earliest(table.warn_at, hole.warn, hole.error), error_at=error)


def _missing_notes(holes: Sequence[str], after: Sequence[str], newest: str | None) -> Iterator[str]:
    """What is not there, in words."""
    if newest is None and after:
        yield "none of its partitions is there"
    elif after:
        yield f"{_listed(after)} missing"
    if holes:
        yield f"{_listed(holes)} missing before {newest}"


def _listed(partitions: Sequence[str]) -> str:
    if len(partitions) <= _NAMED:
        return f"{', '.join(partitions)} {'is' if len(partitions) == 1 else 'are'}"
    return f"{partitions[0]} … {partitions[-1]} ({len(partitions):,}) are"


def _end(calendar: Calendar, partition: str) -> datetime:
    return calendar.instant(calendar.next(calendar.parse(partition))).replace(tzinfo=UTC)
