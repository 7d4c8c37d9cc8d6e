"""A warehouse that tells versions by a coarse clock, as BigQuery does, in memory; and projects for it without SQL.

A partition's version is the time of its last modification, to the tick, and its number of rows. Deleting rows does not
move that time, others commit while we read, rows wait in a streaming buffer, and we die between writing rows and
writing them down. Rows are integers, and a model is a function of those that it reads.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph, Input, chosen_inputs
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind
from aggregator.core.warehouse import ABSENT, NEVER, WHOLE, Ledger, LedgerRow, Outcome, Snapshot, Version, Versions
from aggregator.core.writes import Batch, Chosen, OverwritePartitions, Published, Staged
from aggregator.plan.inputs import Inputs
from aggregator.plan.maps import read_partitions
from aggregator.plan.texts import Texts

EPOCH = datetime(2013, 3, 1, tzinfo=UTC)
Key = tuple[TableName, str]
Rows = tuple[int, ...]


class CrashError(Exception):
    """We die."""


@dataclasses.dataclass
class World:
    """What stands in the warehouse. ``tick`` is how many seconds its clock of modifications can't tell apart."""

    random: Random
    tick: int = 8
    seconds: int = 0
    rows: dict[Key, Rows] = dataclasses.field(default_factory=dict)
    modified: dict[Key, int] = dataclasses.field(default_factory=dict)
    buffered: dict[Key, Rows] = dataclasses.field(default_factory=dict)
    views: dict[TableName, CompiledModel] = dataclasses.field(default_factory=dict)
    ledger: list[LedgerRow] = dataclasses.field(default_factory=list)

    def now(self) -> datetime:
        self.seconds += self.random.choice((0, 1, 1, 2))
        return EPOCH + timedelta(seconds=self.seconds)

    def put(self, key: Key, rows: Rows, *, moves_time: bool = True) -> None:
        """Other rows for a partition; one without rows is not there any more."""
        self.now()
        if moves_time or key not in self.modified:
            self.modified[key] = self.seconds // self.tick * self.tick
        self.rows[key] = rows
        if not rows:
            del self.rows[key], self.modified[key]

    def visible(self, key: Key) -> Rows:
        """What a query sees."""
        return self.rows.get(key, ()) + self.buffered.get(key, ())

    def version(self, key: Key, *, is_certain: bool) -> Version:
        modified, count = self.modified.get(key), len(self.rows.get(key, ()))
        token = "" if modified is None else f"{modified}/{count}"
        if is_certain or (modified is None and key not in self.buffered):
            return Version(count, token)
        settles = NEVER if key in self.buffered else EPOCH + timedelta(seconds=(modified or 0) + self.tick)
        return Version(count, token, settles)


def contents(world: World, graph: Graph, table: TableName, partition: str) -> Rows:
    """What is read of an input."""
    if table in world.views:
        return computed(world, graph, world.views[table], WHOLE)
    if partition != WHOLE or graph.calendars[table] is None:
        return world.visible((table, partition))
    keys = sorted({key for key in (*world.rows, *world.buffered) if key[0] == table}, key=str)
    return tuple(row for key in keys for row in world.visible(key))


def computed(world: World, graph: Graph, model: CompiledModel, partition: str, chosen: Chosen | None = None) -> Rows:
    """What a query gives: few different numbers, so that it often gives what it gave before.

    ``chosen`` are its parameters; without them, what it would get now. It raises LookupError if there is nothing.
    """
    total, seen = int(model.sql), 0
    for weight, edge in enumerate(model.inputs, start=1):
        for each in _read(world, graph, model, partition, edge, chosen):
            rows = contents(world, graph, edge.table, each)
            total, seen = total + weight * sum(rows), seen + len(rows)
    return (total % 5,) if seen else ()


def _read(
    world: World, graph: Graph, model: CompiledModel, partition: str, edge: Input, chosen: Chosen | None
) -> Sequence[str]:
    """The ids of the partitions of an input that a query reads."""
    source = graph.calendars[edge.table]
    if edge.map.reach is Reach.ALL or model.calendar is None or source is None:
        return (WHOLE,)
    ids = read_partitions(edge.map, model.calendar, source, model.calendar.parse(partition))
    if edge.map.reach is not Reach.LATEST:
        return ids
    if chosen is not None:
        value = chosen[chosen_inputs(model.inputs)[edge.table, edge.map][0]]
        return [source.id(source.holding(value))]
    there = [each for each in ids if world.rows.get((edge.table, each))]
    if not there:
        raise LookupError(edge)
    return there[-1:]


def ids_between(calendar: Calendar, start: datetime, end: datetime) -> Iterator[str]:
    yield from (calendar.id(each) for each in calendar.grain.range(start, end))


@dataclasses.dataclass
class Knobs:
    """What goes wrong, and what the engine does about it."""

    crashes: float = 0.05
    meanwhile: Callable[[], None] = lambda: None
    """Happens now and then before and after a query."""
    is_certain: bool = False
    """Says of no version that it may lie."""
    reads_late: bool = False
    """Versions are read after the query."""


class SimulatedEngine:
    """Drives a world as the protocol of engines says; rows and ledger are written one after the other."""

    parallel = 1

    def __init__(self, world: World, graph: Graph, knobs: Knobs) -> None:
        self.world, self.graph, self.knobs = world, graph, knobs
        self.built = self.needed = 0
        self._current: Versions = {}
        self._staged: dict[str, Rows] = {}

    def now(self) -> datetime:
        return self.world.now()

    def staged_rows(self, *_asked: object) -> tuple[list[str], list[tuple[object, ...]]]:
        """Nobody makes promises with queries of their own."""
        return [], []

    def culprit(self, write: object, error: object) -> None:
        return None

    def refusal(self, model: object) -> None:
        """It computes all that it is given."""

    def snapshot(self) -> Snapshot:
        now = self.now()
        versions = {name: dict(found) for name, found in self.versions().items()}
        return Snapshot(versions, latest(self.world.ledger), now)

    def versions(self) -> Versions:
        """Asked anew each time; what was handed out before is kept up, as a model may read itself."""
        for found in self._current.values():
            found.clear()
        for key in dict.fromkeys((*self.world.rows, *self.world.buffered)):
            version = self.world.version(key, is_certain=self.knobs.is_certain)
            self._current.setdefault(key[0], {})[key[1]] = version
        for name, model in self.world.views.items():
            self._current.setdefault(name, {})[WHOLE] = Version(0, model.fingerprint)
        for name, found in list(self._current.items()):
            if not found and name in self.graph.sources:
                del self._current[name]
        return self._current

    def hold(self, table: TableName) -> bool:
        del table
        return False

    def stage(self, write: Any, expectations: object) -> Staged:
        model = self.graph.models[write.table]
        ids, chosen = [WHOLE], dict[str, Any]()
        if isinstance(write, OverwritePartitions):
            ids, chosen = list(ids_between(write.calendar, write.start, write.end)), dict(write.chosen)
        self._meanwhile()
        self._staged = {each: computed(self.world, self.graph, model, each, chosen) for each in ids}
        self._meanwhile()
        self.built += len(ids)
        self.needed += sum(self.world.rows.get((write.table, each), ()) != rows for each, rows in self._staged.items())
        batches = {each: Batch(len(rows), str(rows)) for each, rows in self._staged.items() if rows}
        return Staged(batches, fits=True)

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        yield

    def publish(self, write: Any, staged: Staged, partitions: list[str]) -> Published:
        for each in partitions:
            self._die_sometimes()
            key = write.table, each
            if self._staged[each] or key in self.world.rows:
                self.world.put(key, self._staged[each])
        self.versions().setdefault(write.table, {})
        return Published({each: self._current[write.table].get(each, ABSENT) for each in partitions})

    def publish_view(self, write: Any) -> Version:
        self.world.views[write.table] = self.graph.models[write.table]
        return self.versions()[write.table][WHOLE]

    def record(self, rows: list[LedgerRow]) -> None:
        self._die_sometimes()
        self.world.ledger.extend(map(self._late, rows) if self.knobs.reads_late else rows)

    def _late(self, row: LedgerRow) -> LedgerRow:
        now, inputs = self.now(), Inputs(self.graph.models[row.model], self.graph, Texts(self.versions()))
        return dataclasses.replace(row, read_at=now, inputs=inputs.recorded(row.partition))

    def _die_sometimes(self) -> None:
        if self.world.random.random() < self.knobs.crashes:
            raise CrashError

    def _meanwhile(self) -> None:
        if self.world.random.random() < 0.3:
            self.knobs.meanwhile()


def latest(rows: list[LedgerRow]) -> Ledger:
    built: dict[TableName, dict[str, LedgerRow]] = {}
    for row in rows:
        if row.outcome is Outcome.FAILED:  # there was nothing to read
            assert "has no rows" in row.message, row
            continue
        built.setdefault(row.model, {})[row.partition] = row
    return Ledger(built)


def is_view(model: CompiledModel) -> bool:
    return model.model.kind is Kind.VIEW
