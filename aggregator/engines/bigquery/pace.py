"""How quickly BigQuery lets one table be changed."""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable

from aggregator.engines.bigquery.places import Address

PARTITION_UPDATES = (40, 10.0)
"""So many changes of partitions in so many seconds. BigQuery allows a table 50 in 10 s, all its writers together."""

METADATA_UPDATES = (4, 10.0)
"""So many changes of what is said of a table, such as its columns. BigQuery allows 5 in 10 s."""

DAILY_MODIFICATIONS = 30_000
"""So many changes of partitions BigQuery allows a table in a day."""


class Pace:
    """Lets so many through in any stretch of time; the others wait."""

    def __init__(
        self,
        limit: tuple[int, float],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._count, self._seconds = limit
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._passed: collections.deque[float] = collections.deque()

    def wait(self) -> None:
        """Come back when it is one's turn."""
        with self._lock:
            now = self._clock()
            while self._passed and self._passed[0] <= now - self._seconds:
                self._passed.popleft()
            turn = now if len(self._passed) < self._count else self._passed[-self._count] + self._seconds
            self._passed.append(turn)
        if turn > now:
            self._sleep(turn - now)


class Paces:
    """The pace of each table, and how much of a day's changes a run has used."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._updates: dict[Address, Pace] = {}
        self._metadata: dict[Address, Pace] = {}
        self._modified: collections.Counter[Address] = collections.Counter()

    def update(self, address: Address) -> None:
        """Wait for the turn to change a partition of a table."""
        with self._lock:
            pace = self._updates.setdefault(address, Pace(PARTITION_UPDATES))
            self._modified[address] += 1
            is_half = self._modified[address] == DAILY_MODIFICATIONS // 2
        if is_half:
            self._say(
                f"{address} was changed {DAILY_MODIFICATIONS // 2:,} times by this run;"
                f" BigQuery allows {DAILY_MODIFICATIONS:,} changes of partitions a day"
            )
        pace.wait()

    def metadata(self, address: Address) -> None:
        """Wait for the turn to change what is said of a table."""
        with self._lock:
            pace = self._metadata.setdefault(address, Pace(METADATA_UPDATES))
        pace.wait()
