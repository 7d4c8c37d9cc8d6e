"""Measurements on their way to those who listen, in a thread of their own.

A run puts them into a queue and goes on. The thread looks up hosts, imports what it needs, and sends; what goes wrong
there is said once, at the end, and stops nobody. If the queue is full, what comes is left out.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from aggregator.monitoring.measure import Ruler

if TYPE_CHECKING:
    from aggregator.core.freshness import TableFreshness
    from aggregator.core.graph import Graph
    from aggregator.core.monitoring import Monitoring
    from aggregator.core.names import TableName
    from aggregator.core.report import Report, StepResult
    from aggregator.core.warehouse import Ledger
    from aggregator.monitoring.metrics import Measurement
    from aggregator.monitoring.protocol import Listener

LAST_SECONDS = 3.0
"""How long the end of a run waits for what is still to be sent."""

_MOST_WAITING = 10_000


class Meter:
    """Measures what happens, and hands it on. It also hears how a run goes on, as ``Progress`` does."""

    def __init__(self, graph: Graph) -> None:
        self._ruler = Ruler(graph)
        self._queue: queue.Queue[list[Measurement] | None] = queue.Queue(_MOST_WAITING)
        self._complaints: dict[str, str] = {}
        self._left_out = 0
        monitoring = graph.project.monitoring
        is_heard = monitoring is not None and (monitoring.dogstatsd or monitoring.opentelemetry)
        self._thread: threading.Thread | None = None
        if is_heard:
            self._thread = threading.Thread(target=self._work, args=[monitoring], name="metrics", daemon=True)
            self._thread.start()

    @property
    def is_on(self) -> bool:
        """Whether anybody listens; if not, nothing need be looked up."""
        return self._thread is not None

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """Of what is only planned there is nothing to measure."""

    def advance(self, result: StepResult) -> None:
        """A step, or a part of one, has ended."""
        self._put(self._ruler.step, result)

    def compiled(self, seconds: float) -> None:
        """The project was read and compiled."""
        self._put(self._ruler.compiled, seconds)

    def run(self, report: Report) -> None:
        """A run has ended."""
        self._put(self._ruler.run, report)

    def freshness(self, tables: Iterable[TableFreshness]) -> None:
        """Tables were looked at."""
        self._put(self._ruler.freshness, tables)

    def failures(self, names: Iterable[TableName], ledger: Ledger) -> None:
        """The ledger was looked at."""
        self._put(self._ruler.failures, names, ledger)

    def test(self) -> None:
        """Nothing has happened; somebody wants to see whether that is heard."""
        self._put(self._ruler.test)

    def close(self) -> str:
        """Wait a moment until all is sent; gives what went wrong, in a line, or nothing."""
        if self._thread is None:
            return ""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=LAST_SECONDS)
        self._thread.join(LAST_SECONDS)
        if self._thread.is_alive():
            return f"metrics may be lost: they were not sent within {LAST_SECONDS:g} s"
        said = [f"{name}: {reason}" for name, reason in self._complaints.items()]
        if self._left_out:
            said.append(f"{self._left_out:,} were left out, as too many were waiting")
        return f"metrics may be lost: {'; '.join(said)}" if said else ""

    def _put(self, measure: Callable[..., Iterable[Measurement]], *what: object) -> None:
        """Measure here, as the graph is of this thread."""
        if self._thread is None:
            return
        try:
            self._queue.put_nowait(list(measure(*what)))
        except queue.Full:
            self._left_out += 1
        except Exception as error:  # noqa: BLE001  (as below)
            self._complaints.setdefault("measuring", f"{type(error).__name__}: {error}")

    def _work(self, monitoring: Monitoring) -> None:
        """In the thread: send until there is nothing more to come."""
        listeners = list(self._listeners(monitoring))
        while (measurements := self._queue.get()) is not None:
            for each in listeners:
                self._try(each.name, each.send, measurements)
        for each in listeners:
            self._try(each.name, each.close)

    def _listeners(self, monitoring: Monitoring) -> Iterator[Listener]:
        makers: tuple[tuple[str, str, Callable[[str], Listener]], ...] = (
            ("DogStatsD", monitoring.dogstatsd, _dogstatsd),
            ("OpenTelemetry", monitoring.opentelemetry, _opentelemetry),
        )
        for name, address, make in makers:
            if address:
                found = self._try(name, make, address)
                if found is not None:
                    yield found

    def _try(self, name: str, do: Callable[..., Listener | None], *arguments: object) -> Listener | None:
        """Do something that may fail, and remember the first reason of each listener."""
        try:
            return do(*arguments)
        except ImportError:
            self._complaints.setdefault(name, "pip install 'aggregator[opentelemetry]'")
        except Exception as error:  # noqa: BLE001  (whatever it is, no run may suffer from being watched)
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._complaints.setdefault(name, reason or type(error).__name__)
        return None


@contextlib.contextmanager
def metering(graph: Graph, warn: Callable[[str], None]) -> Iterator[Meter]:
    """A meter for as long as something happens; without ``monitoring:``, it measures nothing. Warns once at most."""
    meter = Meter(graph)
    try:
        yield meter
    finally:
        complaint = meter.close()
        if complaint:
            warn(complaint)


def _dogstatsd(address: str) -> Listener:
    from aggregator.monitoring.dogstatsd import DogStatsD  # noqa: PLC0415  (most runs have nobody who listens)

    return DogStatsD(address)


def _opentelemetry(endpoint: str) -> Listener:
    from aggregator.monitoring.opentelemetry import OpenTelemetry  # noqa: PLC0415  (as above)

    return OpenTelemetry(endpoint)
