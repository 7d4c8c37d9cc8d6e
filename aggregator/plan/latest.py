"""The map ``latest``: which of a few input partitions is read, chosen by what has rows.

Which they may be is arithmetic, as for the other maps (``plan.maps``). Which of them it is depends on the versions
that are read before a query, so this is asked with a snapshot, or when a step begins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeAlias

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, chosen_inputs
from aggregator.core.maps import PartitionMap
from aggregator.core.names import TableName
from aggregator.plan.reads import reads_through

HasRows: TypeAlias = Callable[[str], bool]
"""Whether a partition of a table has rows, by its id."""

_ANY = datetime.fromisoformat("2000-01-01")


@dataclasses.dataclass(frozen=True, slots=True)
class Latest:
    """A table of which one partition is read, by the output partition: the newest of ``among`` that has rows.

    ``parameters`` are the names that the query has for its beginning and end.
    """

    table: TableName
    map: PartitionMap
    source: Calendar
    among: Mapping[str, tuple[str, ...]] = dataclasses.field(compare=False)
    parameters: tuple[str, str]

    def chosen(self, partition: str, has_rows: HasRows) -> str | None:
        """The id of the partition that is read; None if none of them has rows."""
        return next((each for each in reversed(self.among[partition]) if has_rows(each)), None)

    def deciding(self, partition: str, has_rows: HasRows) -> tuple[str, ...]:
        """The partition that is read and those that would be if they had rows, oldest first; all if none has."""
        among, chosen = self.among[partition], self.chosen(partition, has_rows)
        return among if chosen is None else among[among.index(chosen) :]

    def values(self, chosen: str) -> dict[str, date | datetime]:
        """The parameters of a query that reads a partition."""
        start = self.source.parse(chosen)
        ends = (start, self.source.next(start))
        return {name: self.source.value(end) for name, end in zip(self.parameters, ends, strict=True)}

    @property
    def nothing(self) -> dict[str, date | datetime]:
        """The parameters of a query that reads no row of the table."""
        return dict.fromkeys(self.parameters, self.source.value(_ANY))

    def lacking(self, partition: str) -> str:
        """What to say of a partition for which there is nothing to read."""
        among = self.among[partition]
        where = f"from {among[0]} to {among[-1]}" if len(among) > 1 else f"in {among[0]}" if among else "so long before"
        return f"{self.table} has no rows {where} ({self.map})"

    @property
    def advice(self) -> str:
        """What may be done about it."""
        return f"wait for {self.table}, look further back (`latest:`), or begin later (`from:`)"


def latest_inputs(model: CompiledModel, calendars: Mapping[TableName, Calendar | None]) -> tuple[Latest, ...]:
    """The tables of which a model reads one partition."""
    found = []
    for (table, map_), parameters in chosen_inputs(model.inputs).items():
        source = calendars[table]
        assert model.calendar is not None  # noqa: S101  (the map was refused otherwise)
        assert source is not None  # noqa: S101  (as above)
        found.append(Latest(table, map_, source, reads_through(map_, model.calendar, source), parameters))
    return tuple(found)
