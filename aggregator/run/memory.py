"""Numbers of earlier partitions, which drift is told from."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.core.graph import CompiledModel
    from aggregator.core.warehouse import LedgerRow


class Memory:
    """Numbers of earlier partitions of one model: from the ledger, and from this run."""

    def __init__(self, model: CompiledModel, built: Mapping[str, LedgerRow]) -> None:
        self._calendar = model.calendar
        self._built = built
        self._partitions = sorted(built)
        self._known: dict[str, dict[str, Any]] = {}

    def add(self, partition: str, values: Mapping[str, Any], rows: int) -> None:
        """Remember what was just found."""
        self._known[partition] = {"COUNT(*)": rows, **values}
        index = bisect.bisect_left(self._partitions, partition)
        if index == len(self._partitions) or self._partitions[index] != partition:
            self._partitions.insert(index, partition)

    def earlier(self, partition: str, number: str, days: int | None) -> list[Any]:
        """A number of the partitions before one, the latest first: of the last that has it, or of so many days."""
        found = (self._values(each).get(number) for each in self._before(partition, days))
        known = (each for each in found if each is not None)
        return list(known) if days is not None else [each for _, each in zip(range(1), known, strict=False)]

    def _before(self, partition: str, days: int | None) -> Iterator[str]:
        if self._calendar is None:
            yield from self._partitions
            return
        first = ""
        if days is not None:
            first = self._calendar.id(self._calendar.parse(partition) - timedelta(days=days))
        for index in range(bisect.bisect_left(self._partitions, partition) - 1, -1, -1):
            if self._partitions[index] < first:
                return
            yield self._partitions[index]

    def _values(self, partition: str) -> dict[str, Any]:
        if partition not in self._known:
            row = self._built[partition]
            kept_values = json.loads(row.checks).get("values", {}) if row.checks else {}
            self._known[partition] = {"COUNT(*)": row.rows, **kept_values}
        return self._known[partition]
