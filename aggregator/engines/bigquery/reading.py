"""What a run knows of the tables that it reads: where they are, their versions, and the warehouse's clock."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.core.names import TableName
from aggregator.core.types import canonical_type
from aggregator.core.warehouse import ABSENT, WHOLE, Version, Versions
from aggregator.engines.bigquery import shards
from aggregator.engines.bigquery.connection import Connection
from aggregator.engines.bigquery.layout import Layout, address_sql
from aggregator.engines.bigquery.parameters import Parameter
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.states import Piece, State, look, look_at_partitions
from aggregator.engines.bigquery.tables import stored_id
from aggregator.engines.bigquery.types import Type
from aggregator.engines.bigquery.versions import versions_of, versions_of_pieces, view_version

if TYPE_CHECKING:
    from aggregator.core.calendar import Calendar
    from aggregator.core.project import Environment, Partitioning

NEVER_LOOKED = datetime.min.replace(tzinfo=UTC)
_NOTHING = State()

LOOKS = 5
"""How often one looks at partitions that were just written until they show it."""


class Reading:
    """Looked at once, then kept up with what is written here. Each table is where its environment has it, if it has."""

    def __init__(self, connection: Connection, layout: Layout, labels: Mapping[str, str]) -> None:
        self._graph = layout.graph
        self._connection = connection
        self._layout = layout
        self._labels = labels
        self._lock = threading.RLock()
        self._addresses: dict[TableName, Address] = {}
        self._columns: dict[TableName, Mapping[str, str]] = {}
        self._versions: Versions = {}
        self._clock: tuple[datetime, float] | None = None
        self._written: set[TableName] = set()
        self.looked_at = NEVER_LOOKED
        """When the tables were looked at last, by BigQuery's clock."""

    def now(self) -> datetime:
        """BigQuery's clock, in UTC, or a moment before: it was asked once, and this machine counts on."""
        if self._clock is None:
            self._set_clock(self._asked_clock())
        assert self._clock is not None  # noqa: S101  (just set)
        moment, counted = self._clock
        return moment + timedelta(seconds=time.monotonic() - counted)

    def versions(self) -> Versions:
        """The versions of all tables and views of the project."""
        with self._lock:
            if self.looked_at is NEVER_LOOKED:
                self.look()
            return self._versions

    def columns(self) -> dict[TableName, Mapping[str, str]]:
        """The columns of those of its models' tables that this environment has itself, with their types."""
        own = (name for name in self._graph.models if self.is_own(name))
        return {name: self._columns[name] for name in own if name in self._columns}

    def fields(self, query: str, parameters: Sequence[Parameter]) -> tuple[Mapping[str, object], ...]:
        """The columns that a query gives."""
        return self._connection.dry_run(query, parameters).fields

    def is_own(self, table: TableName) -> bool:
        """Whether the environment has a table itself."""
        return self._addresses.get(table) == self._layout.own(table)

    def is_there(self, table: TableName) -> bool:
        """Whether a table can be read."""
        return table in self._addresses

    def borrowed(self) -> list[TableName]:
        """The models that are read from another environment."""
        return [name for name in self._graph.models if name in self._addresses and not self.is_own(name)]

    def address(self, table: TableName) -> Address:
        """Where a table is read; of one that is nowhere, where it should be."""
        return self._addresses.get(table) or self._layout.candidates(table)[-1]

    def addresses(self, tables: Sequence[TableName]) -> list[tuple[TableName, str]]:
        """Tables with their places in a query."""
        return [(table, address_sql(self.address(table))) for table in tables]

    def look(self) -> None:
        """Ask for all tables of the project."""
        names = list(self._graph.calendars)
        single = {address: None for name in names if not name.is_many for address in self._layout.candidates(name)}
        seen = look(self._connection, self._environments, single, self._labels)
        if seen.clock is not None:
            self._set_clock(seen.clock)
        self.looked_at = now = self.now()
        states = dict(seen.states)
        for name in names:
            states |= dict(self._many(name)) if name.is_many else {}
        with self._lock:
            for name in names:
                address = next((each for each in self._layout.candidates(name) if each in states), None)
                if name not in self._written:
                    self._know(name, address, states, now)
            for name in names if self._layout.read_from is not None else ():
                if self.is_own(name) and states.get(self._layout.own(name), _NOTHING).definition:
                    self._doubt_view(name, states[self._layout.own(name)].definition)

    def doubt(self, table: TableName) -> None:
        """Somebody else may have written a table: the next look counts."""
        self._written.discard(table)

    def _know(self, name: TableName, address: Address | None, states: Mapping[Address, State], now: datetime) -> None:
        """Take over what was seen of a table."""
        if address is None:
            self._addresses.pop(name, None)
            self._versions.pop(name, None)
            return
        state = states[address]
        self._addresses[name] = address
        self._columns[name] = {key: canonical_type(each) or "" for key, each in state.columns.items()}
        self._set(name, versions_of(state, self._graph.calendars[name], self._declared(name), now))

    def _doubt_view(self, view: TableName, definition: str) -> None:
        """A view stands for tables where they were when it was made; since then, one may have come into dev."""
        query = self._graph.models[view].sql
        now = self._layout.placed(query, self.addresses(self._layout.tables_in(query, self._graph.calendars)))
        version = view_version(definition)
        if version != view_version(now) and view not in self._written:
            self._set(view, {WHOLE: dataclasses.replace(version, token=f"{version.token}-elsewhere")})

    def _set(self, table: TableName, versions: Mapping[str, Version]) -> None:
        """Whoever has the versions of a table already sees the new ones."""
        current = self._versions.setdefault(table, {})
        current.clear()
        current.update(versions)

    def came(self, table: TableName, version: Mapping[str, Version] | None = None) -> None:
        """A table or view stands in the environment's own place now. It has no rows, or a view's version."""
        with self._lock:
            self._written.add(table)
            if not self.is_own(table):
                self._addresses[table] = self._layout.own(table)
                self._set(table, {})
            if version is not None:
                self._set(table, version)

    def went(self, table: TableName) -> None:
        """A table was dropped."""
        with self._lock:
            self._addresses.pop(table, None)
            self.versions().pop(table, None)

    def wrote(self, table: TableName, partitions: Mapping[str, Sequence[str]], since: int) -> dict[str, Version]:
        """Look at partitions that were written since a moment (in microseconds); by id, those of BigQuery's they have.

        What BigQuery says of its partitions may come a moment after what it did.
        """
        address = self._layout.own(table)
        ids = [each for pieces in partitions.values() for each in pieces]
        for number in range(LOOKS):
            time.sleep(number)
            pieces = look_at_partitions(self._connection, address, ids, self._location, self._labels)
            if all(piece.modified >= since for piece in pieces.values()):
                break
        found = versions_of_pieces(pieces, self._graph.calendars[table], self._declared(table), self.now())
        self.came(table)
        current = self.versions()[table]
        for partition in partitions:
            current.pop(partition, None)
            if partition in found:
                current[partition] = found[partition]
        return {partition: current.get(partition, ABSENT) for partition in partitions}

    @property
    def _environments(self) -> list[Environment]:
        return [each for each in (self._layout.environment, self._layout.read_from) if each is not None]

    @property
    def _location(self) -> str:
        return self._layout.environment.location

    def _declared(self, table: TableName) -> Partitioning | None:
        source = self._graph.sources.get(table)
        return source.partition if source is not None else None

    def _set_clock(self, moment: datetime) -> None:
        self._clock = (moment, time.monotonic())

    def _asked_clock(self) -> datetime:
        rows = self._connection.rows("SELECT UNIX_MICROS(CURRENT_TIMESTAMP())", self._location, (), self._labels)
        return datetime.fromtimestamp(int(next(iter(rows))[0]) / 1e6, UTC)

    def _many(self, name: TableName) -> Iterator[tuple[Address, State]]:
        """The tables that a name stands for, as one whose partitions they are."""
        calendar = self._graph.calendars[name]
        for address in self._layout.candidates(name):
            prefix = Parameter("prefix", Type("STRING"), address.table.removesuffix("*"))
            try:
                rows = list(self._connection.rows(shards.question(address), self._location, [prefix], self._labels))
            except Refused as refused:
                if refused.reason != "notFound":
                    raise
                continue
            pieces = dict(_pieces(rows, address, calendar))
            if pieces:
                yield address, State(pieces)


def _pieces(
    rows: Sequence[Sequence[object]], address: Address, calendar: Calendar | None
) -> Iterator[tuple[str, Piece]]:
    assert calendar is not None  # noqa: S101  (a name with a star is only that of a source with shards)
    for table, count, size, modified in rows:
        try:
            suffix = str(table).removeprefix(address.table.removesuffix("*"))
            start = datetime.strptime(suffix, calendar.suffix)  # noqa: DTZ007  (a wall clock)
        except ValueError:
            continue
        numbers = [int(str(each)) for each in (count, size, modified)]
        yield stored_id(start, calendar.grain.stored), Piece(numbers[0], numbers[1], numbers[2] * 1000)
