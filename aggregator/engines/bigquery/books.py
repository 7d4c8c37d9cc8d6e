"""Reading the ledger, and writing it a handful of rows at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.core.freshness import Arrival
from aggregator.core.names import TableName
from aggregator.core.warehouse import Ledger, LedgerRow
from aggregator.engines.bigquery.connection import Connection
from aggregator.engines.bigquery.jobs import Jobs, Work, digest, job_name
from aggregator.engines.bigquery.layout import Layout
from aggregator.engines.bigquery.ledger import (
    appending,
    entry_of,
    first_writings,
    history,
    latest_rows,
    ledger_table,
    merged,
    read_rows,
    texts,
)
from aggregator.engines.bigquery.parameters import Parameter, named
from aggregator.engines.bigquery.places import Address
from aggregator.engines.bigquery.refusals import Refused
from aggregator.engines.bigquery.store import Store
from aggregator.engines.bigquery.types import Type

WAITING_ROWS, WAITING_SECONDS = 200, 10.0
"""How many rows wait, and how long, until they are appended: a run that is killed meanwhile builds so many anew."""


class Books:
    """The ledger of an environment, as one process reads and writes it."""

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        connection: Connection,
        jobs: Jobs,
        store: Store,
        layout: Layout,
        *,
        run_key: str,
        labels: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        self._connection, self._jobs, self._store, self._layout = connection, jobs, store, layout
        self._run_key, self._labels, self._now = run_key, labels, now
        self._lock = threading.RLock()
        self._waiting: list[LedgerRow] = []
        self._since = 0.0
        self._is_there = False
        self._statements = 0

    def read(self, borrowed: Iterable[TableName]) -> Ledger:
        """The latest rows of each partition; for tables that are read from another environment, those of its ledger."""
        self.flush()
        own, *others = self._layout.ledgers()
        ledger = self._read(own)
        tables = list(borrowed)
        return merged(ledger, self._read(others[0]), tables) if tables and others else ledger

    def append(self, rows: Iterable[LedgerRow]) -> None:
        """Keep rows for the ledger; :meth:`settle` and :meth:`flush` write them."""
        with self._lock:
            self._since = self._since if self._waiting else time.monotonic()
            self._waiting += rows

    def settle(self) -> None:
        """Write the rows that wait, if they are many or have waited for long."""
        with self._lock:
            is_late = self._waiting and time.monotonic() - self._since >= WAITING_SECONDS
            if is_late or len(self._waiting) >= WAITING_ROWS:
                self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        with self._lock:
            if not self._waiting:
                return
            address = self._layout.ledgers()[0]
            if not self._is_there:
                self._store.create(address, ledger_table(address))
                self._is_there = True
            for chunk in texts(self._waiting):
                self._append(address, chunk)
                del self._waiting[: len(chunk)]

    def _append(self, address: Address, chunk: list[str]) -> None:
        self._statements += 1
        rows = Parameter("rows", Type("ARRAY", Type("STRING")), tuple(chunk))
        query = {"query": appending(address), "useLegacySql": False, **named([rows])}
        name = job_name(self._layout.environment.name, "ledger", str(self._statements), digest(*chunk), self._run_key)
        self._jobs.run(Work(name, {"query": query, "labels": dict(self._labels)}, self._now()))

    def arrivals(self, limit: int) -> tuple[Arrival, ...]:
        """When the newest partitions of each model, so many, were written for the first time."""
        self.flush()
        found = self._ask(first_writings(self._layout.ledgers()[0], limit))
        return tuple(Arrival(TableName(*model.split(".")), partition or "", *rest) for model, partition, *rest in found)

    def history(self, table: TableName, partition: str) -> tuple[LedgerRow, ...]:
        """All rows of a partition in the own ledger, oldest first."""
        self.flush()
        named_so = {"model": str(table), "partition": partition}
        parameters = [Parameter(name, Type("STRING"), value) for name, value in named_so.items()]
        return tuple(entry_of(row) for row in self._ask(history(self._layout.ledgers()[0]), parameters))

    def _read(self, address: Address) -> Ledger:
        return read_rows(self._ask(latest_rows(address)))

    def _ask(self, question: str, parameters: Sequence[Parameter] = ()) -> list[tuple[Any, ...]]:
        """The answer to a question about a ledger; none where nothing was ever built."""
        try:
            return list(self._connection.rows(question, self._layout.environment.location, parameters, self._labels))
        except Refused as refused:
            if refused.reason == "notFound":
                return []
            raise
