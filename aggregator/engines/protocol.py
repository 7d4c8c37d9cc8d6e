"""What every engine can do."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic
    from aggregator.core.freshness import Arrival, FreshnessReport
    from aggregator.core.graph import CompiledModel, Graph, OutputColumn
    from aggregator.core.names import TableName
    from aggregator.core.unload import Unload
    from aggregator.core.warehouse import LedgerRow, Snapshot, Version, Versions
    from aggregator.core.writes import Expectation, Published, ReplaceView, Staged, Write


Rows: TypeAlias = tuple[list[str], list[tuple[Any, ...]]]
"""The names of columns, and rows."""


class WarehouseError(Exception):
    """The warehouse can't be reached, opened or written: not a mistake in a model. Nothing was left half-done."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class QueryError(Exception):
    """The warehouse refused or could not finish a query; the message is its own.

    ``in_rows`` tells that certain rows are to blame (a division by zero, a failed cast), so that the same query over
    fewer rows may succeed.
    """

    def __init__(self, message: str, *, in_rows: bool = False) -> None:
        super().__init__(message)
        self.in_rows = in_rows


@dataclasses.dataclass(frozen=True)
class Culprit:
    """An expression that makes a query fail: the offset of its first word, the expression itself, and how it fails."""

    start: int
    text: str
    message: str


class CheckError(QueryError):
    """The rows are staged, and one of the numbers that were asked of them can't be computed."""

    def __init__(self, message: str, expectation: Expectation) -> None:
        super().__init__(message, in_rows=True)
        self.expectation = expectation


@dataclasses.dataclass(frozen=True)
class Leaving:
    """That queries which take long are left running.

    ``after`` so many seconds; ``left`` are the ids of those that this run left before: how they ended is its own end.
    """

    after: float
    left: tuple[str, ...] = ()


class LeftRunningError(Exception):
    """A query goes on in the warehouse, and its engine was told not to wait so long for it: see :meth:`Engine.left`.

    Nothing was published of it. An engine of the same run finds what it gave when it is over.
    """


class ColumnsChangedError(Exception):
    """Rows of the new columns don't fit into the table as it is; the message lists the changes."""


class NotHereError(WarehouseError):
    """Models can't be run in this warehouse from here."""


class Trial(Protocol):
    """Where models of another version of the project can be computed.

    Queries read what was computed here and, where nothing was, what the warehouse holds. Nobody else sees it, and
    nothing of it stays.
    """

    def fill(self, write: Write) -> None:
        """Run a query, and add its rows to what is here of its table. Raises :class:`QueryError`."""
        ...

    def name(self, table: TableName) -> str:
        """What :meth:`Engine.ask` calls a table that was computed here."""
        ...


class Bench(Protocol):
    """Where queries are computed over a few rows that are handed over; nothing else is there, and nothing stays."""

    def fill(self, table: TableName, columns: Sequence[OutputColumn], rows: Sequence[Mapping[str, object]]) -> None:
        """Let a table have these rows and no others; columns that a row does not have are NULL."""
        ...

    def rows(self, write: Write) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows that a write would publish. Raises :class:`QueryError`."""
        ...

    def close(self) -> None:
        """Forget all of it."""
        ...


class Engine(Protocol):
    """A warehouse.

    A partition's rows, seen by any reader at any time, are those of exactly one publication. Whoever holds a table is
    its only writer until :meth:`close`.
    """

    parallel: int
    """How many steps may be done at once, each in a thread of its own; whoever wants fewer lowers it."""

    def ingest(self) -> tuple[Diagnostic, ...]:
        """Bring the sources up to date where that is this engine's job (the embedded one loads local files)."""
        ...

    def now(self) -> datetime:
        """The warehouse's own clock, in UTC."""
        ...

    def snapshot(self) -> Snapshot:
        """The versions of all partitions of all tables and views of the project, and the ledger."""
        ...

    def versions(self) -> Versions:
        """The versions as they are now, this engine's own publications included; what was given before is kept up."""
        ...

    def hold(self, table: TableName) -> bool:
        """Be the only one who writes a table; tells whether somebody else may have written it since the snapshot.

        Raises :class:`WarehouseError` if somebody else holds it for too long.
        """
        ...

    def stage(self, write: Write, expectations: Sequence[Expectation]) -> Staged:
        """Run a query into a place of its own, and look at the rows. Raises :class:`QueryError`.

        A number that can't be computed is a :class:`CheckError`. Where nothing is expected of the rows, an engine may
        leave all of it to :meth:`publish`, and stage nothing.
        """
        ...

    def publishing(self) -> AbstractContextManager[None]:
        """Within this context, publications and the ledger rows about them become visible together, if they can."""
        ...

    def publish(self, write: Write, staged: Staged, partitions: Collection[str]) -> Published:
        """Let the staged rows of these partitions be the table's rows.

        A partition for which nothing was staged is emptied. Raises :class:`QueryError` where the query only runs now,
        and :class:`ColumnsChangedError` if the table's columns and the staged ones can't be reconciled.
        """
        ...

    def publish_view(self, write: ReplaceView) -> Version:
        """Let a name stand for a query; gives the view's version."""
        ...

    def forget(self, table: TableName) -> None:
        """Drop a table that is about to be rebuilt from nothing."""
        ...

    def record(self, rows: Iterable[LedgerRow]) -> None:
        """Append to the ledger."""
        ...

    def history(self, table: TableName, partition: str) -> tuple[LedgerRow, ...]:
        """All that the ledger has of a partition, oldest first.

        Raises :class:`NotHereError` for a table that this environment only reads.
        """
        ...

    def earlier(self, write: Write, moment: datetime) -> Write:
        """The same write, of the rows that its partitions had at a moment.

        Raises :class:`NotHereError` if the engine keeps no earlier rows, or not those.
        """
        ...

    def arrivals(self, limit: int) -> tuple[Arrival, ...]:
        """When the newest partitions of each model, so many, were written for the first time, by the ledger."""
        ...

    def publish_freshness(self, report: FreshnessReport) -> None:
        """Let ``_aggregator.freshness`` say so: a row per table, with a state that goes on with the clock."""
        ...

    def ask(self, query: str, parameters: Mapping[str, date | datetime]) -> tuple[object, ...]:
        """The one row that a query in BigQuery's SQL gives. Raises :class:`QueryError`."""
        ...

    def culprit(self, write: Write, error: QueryError) -> Culprit | None:
        """Which expression made the query of a write fail as it did; None if that can't be told."""
        ...

    def refusal(self, model: CompiledModel) -> Diagnostic | None:
        """Why this engine must not build a model: its rows would not be those of BigQuery."""
        ...

    def rows(self, query: str, parameters: Mapping[str, date | datetime]) -> Rows:
        """What a query in BigQuery's SQL gives: the names of columns, and rows. Raises :class:`QueryError`."""
        ...

    def staged_rows(
        self, table: TableName, staged: Staged, query: str, parameters: Mapping[str, date | datetime]
    ) -> Rows:
        """As :meth:`rows`, where the name of a table stands for what was staged for it last."""
        ...

    def trial(self, graph: Graph, name: str) -> AbstractContextManager[Trial]:
        """A place to compute models of a graph in; ``name`` tells it from other such places."""
        ...

    def sample(self, table: TableName, partition: str, limit: int) -> Rows:
        """A table's columns, and the first of its rows by key. Raises :class:`QueryError` if it is not there."""
        ...

    def unloaded(self, folders: Iterable[str]) -> dict[str, str]:
        """Of folders of exports, those that are complete, with the version of the rows in them."""
        ...

    def unload(self, unload: Unload) -> None:
        """Write rows to files, in place of what is in their folder. Raises :class:`QueryError`.

        The folder is incomplete from before the first change until all is there: ``_SUCCESS`` goes first and comes
        last.
        """
        ...

    def place(self, table: TableName) -> tuple[str, str]:
        """Where a table is, as OpenLineage has it: a namespace, and a name in it."""
        ...

    def job_url(self, job_id: str) -> str:
        """Where people look at a job; empty if nowhere."""
        ...

    def left(self) -> tuple[str, ...]:
        """The jobs that were left running, by their ids, each with a :class:`LeftRunningError`."""
        ...

    def is_running(self, jobs: Iterable[str]) -> bool:
        """Whether any of some jobs, which another engine left, is not over yet."""
        ...

    def end(self, jobs: Iterable[str]) -> None:
        """End jobs that another engine left running, as nobody wants their rows any more."""
        ...

    def cancel(self) -> None:
        """End the queries that other threads wait for: their calls raise. It may be asked again and again.

        What they raise is a :class:`WarehouseError` or ``KeyboardInterrupt``, so nobody takes it for a failure of the
        model.
        """
        ...

    def close(self) -> None:
        """Let others in."""
        ...
