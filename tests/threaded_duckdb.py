"""DuckDB with a connection for each thread: an engine that does several steps at once, as BigQuery does.

Queries run side by side; publications, and whatever else changes the catalog, one after the other.
"""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

from lab import Lab

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import Versions
from aggregator.engines.duckdb.connection import in_utc
from aggregator.engines.duckdb.engine import DuckDbEngine
from aggregator.engines.duckdb.staging import Staging
from aggregator.engines.duckdb.tables import Tables


class Hand(DuckDbEngine):
    """The engine over one more connection to the same database."""

    def __init__(self, main: DuckDbEngine, guard: threading.RLock) -> None:
        self._graph, self._say, self._guard = main._graph, main._say, guard
        self._db = copy.copy(main._db)
        self._db.db = in_utc(main._db.db.cursor())
        self._db._parsed, self._db._made, self._db._worker = {}, set(), futures.ThreadPoolExecutor(max_workers=1)
        self._staging, self._tables = Staging(self._db, self._graph), Tables(self._db, self._graph.calendars)

    def _make_readable(self, reader: TableName) -> None:
        with self._guard:
            self._tables.reread()
            super()._make_readable(reader)

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        with self._guard, super().publishing():
            yield

    def close(self) -> None:
        self._db._worker.shutdown()
        self._db.db.close()


class ThreadedDuckDb:
    """Gives each thread a hand; ``before_stage`` hears of each query before it begins."""

    def __init__(self, graph: Graph, parallel: int, before_stage: Callable[[Any], None] = lambda _: None) -> None:
        self.parallel = parallel
        self._main = DuckDbEngine(graph, wait=10, say=lambda _: None)
        assert self._main.ingest() == ()
        self._before_stage = before_stage
        self._guard = threading.RLock()
        self._own = threading.local()
        self._hands: list[Hand] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hand(), name)

    def stage(self, write: Any, expectations: Any) -> Any:
        self._before_stage(write)
        return self._hand().stage(write, expectations)

    def versions(self) -> Versions:
        with self._guard:
            self._hand()._tables.reread()
            return self._hand().versions()

    def cancel(self) -> None:
        for hand in self._hands:
            hand.cancel()

    def close(self) -> None:
        for hand in self._hands:
            hand.close()
        self._main._tables.reread()  # the hands changed them
        self._main.close()

    def _hand(self) -> Hand:
        if not hasattr(self._own, "hand"):
            with self._guard:
                self._own.hand = Hand(self._main, self._guard)
                self._hands.append(self._own.hand)
        return self._own.hand


@contextlib.contextmanager
def threaded(lab: Lab, parallel: int, before_stage: Callable[[Any], None] = lambda _: None) -> Iterator[ThreadedDuckDb]:
    engine = ThreadedDuckDb(lab.graph, parallel, before_stage)
    try:
        yield engine
    finally:
        engine.close()
