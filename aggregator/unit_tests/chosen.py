"""Which of several partitions of an input a test reads: the latest that it gives rows of, as a run would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aggregator.core.writes import Chosen
from aggregator.plan.latest import Latest
from aggregator.unit_tests.bind import Computation, Given, Period


def choose(asked: Computation, period: Period | None, given: Sequence[Given]) -> Chosen | str:
    """The parameters of the query of a period that say which they are, or why there is nothing to read."""
    found: dict[str, Any] = {}
    if period is None or asked.model.calendar is None:
        return found
    partition = asked.model.calendar.id(period[0])
    for latest in asked.latest:
        rows = next(each.rows for each in given if each.name == latest.table)
        there = _partitions(latest, rows)
        read = latest.chosen(partition, there.__contains__)
        if read is None:
            return latest.lacking(partition)
        found |= latest.values(read)
    return found


def _partitions(latest: Latest, rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Those that some rows belong to."""
    source = latest.source
    values = (row.get(source.column) for row in rows)
    return {source.id(source.holding(value)) for value in values if value is not None}
