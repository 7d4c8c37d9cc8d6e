"""Which steps may begin, as others end."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence

from aggregator.core.names import TableName
from aggregator.core.plan import Step
from aggregator.plan.order import Waits


class Schedule:
    """The steps of a plan, the first ones first, each after what it waits for.

    Until one step of a table was written, no two of them are done at once: the first one may create the table, give it
    columns, or drop it.
    """

    def __init__(self, steps: Sequence[Step], waits: Sequence[Waits]) -> None:
        self._tables = [step.model for step in steps]
        self._left = Counter(self._tables)
        self._missing = [len(each.steps) + len(each.tables) for each in waits]
        self._after_step: dict[int, list[int]] = {}
        self._after_table: dict[TableName, list[int]] = {}
        for number, each in enumerate(waits):
            for step in each.steps:
                self._after_step.setdefault(step, []).append(number)
            for table in each.tables:
                self._after_table.setdefault(table, []).append(number)
        self._ready = [number for number, missing in enumerate(self._missing) if not missing]
        self._parked: dict[TableName, list[int]] = {}
        self._begun: set[TableName] = set()
        self._written: set[TableName] = set()

    def begin(self) -> int | None:
        """The number of a step that may begin, which counts as begun from now on; None if none may."""
        while self._ready:
            number = heapq.heappop(self._ready)
            table = self._tables[number]
            if table in self._begun and table not in self._written:
                heapq.heappush(self._parked.setdefault(table, []), number)
                continue
            self._begun.add(table)
            return number
        return None

    def end(self, number: int, *, is_written: bool) -> None:
        """A step has ended, with or without rows in its table."""
        table = self._tables[number]
        self._left[table] -= 1
        if is_written:
            self._written.add(table)
        self._begun.discard(table)  # matters only until it is written, and then there was no other
        parked = self._parked.get(table, [])
        for _ in range(len(parked) if table in self._written else min(len(parked), 1)):
            heapq.heappush(self._ready, heapq.heappop(parked))
        self._release(self._after_step.pop(number, []))
        if not self._left[table]:
            self._release(self._after_table.pop(table, []))

    def _release(self, waiting: Sequence[int]) -> None:
        for number in waiting:
            self._missing[number] -= 1
            if not self._missing[number]:
                heapq.heappush(self._ready, number)
