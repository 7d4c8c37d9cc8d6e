"""Which partitions a model should have by now."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime

from aggregator.core.calendar import Calendar, Grain
from aggregator.core.graph import CompiledModel, Graph, chosen_inputs
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE
from aggregator.plan.maps import TICK
from aggregator.plan.stretches import Stretch


def due_partitions(graph: Graph, now: datetime) -> dict[TableName, tuple[str, ...]]:
    """The ids of the partitions of every model that are complete at ``now``, oldest first."""
    horizon = Horizon(graph, now)
    return {name: horizon.partitions(name) for name in graph.models}


class Horizon:
    """How far tables are complete at a moment; only the models that are asked about, and their inputs, are looked at.

    A partition is due when it is over and all that it reads is: a day is not built before its last hour is there, and
    not beyond the end of a source that ended, or so long after it that ``latest`` finds nothing any more. ``from:``
    says where a table begins, ``to:`` where it ends, and ``expire:`` how long a partition is there.
    """

    def __init__(self, graph: Graph, now: datetime) -> None:
        self._graph = graph
        self._now = now.replace(tzinfo=None)
        self._ends: dict[TableName, datetime | None] = {}

    def partitions(self, name: TableName) -> tuple[str, ...]:
        """The ids of the partitions of a model that are complete, oldest first."""
        model = self._graph.models[name]
        if model.calendar is None or model.model.partition is None:
            return (WHOLE,)
        start = model.model.partition.first(self._now)
        return _ids(model.calendar.grain, start, self._due_end(model, model.calendar))

    def newest(self, name: TableName) -> str | None:
        """The id of the newest of them; None if none is complete."""
        model = self._graph.models[name]
        if model.calendar is None or model.model.partition is None:
            return WHOLE
        newest = model.calendar.grain.shift(self._due_end(model, model.calendar), -1)
        return model.calendar.id(newest) if newest >= model.model.partition.first(self._now) else None

    def extent(self, name: TableName) -> Stretch | None:
        """The partitions that a table has by now; None for one that has none, or is not cut into any.

        Of a source they are those that began, as nobody here says when it is loaded.
        """
        calendar = self._graph.calendars[name]
        if calendar is None:
            return None
        if name in self._graph.models:
            declared, end = self._graph.models[name].model.partition, self._due_end(self._graph.models[name], calendar)
        else:
            declared, end = self._graph.sources[name].partition, calendar.grain.ceil(calendar.local(self._now))
            end = min(end, declared.end or end) if declared else end
        if declared is None:
            return None
        first, last = declared.first(self._now), calendar.grain.shift(calendar.grain.ceil(end), -1)
        return Stretch(first, last) if first <= last else None

    def _due_end(self, model: CompiledModel, calendar: Calendar) -> datetime:
        """The end of the last partition to build: of a roll-up that may be partial, the one that has begun."""
        reached, rollup = self._reached(model, calendar), model.model.rollup
        is_partial = rollup is not None and rollup.is_partial
        return calendar.grain.ceil(reached) if is_partial else calendar.grain.floor(reached)

    def _end(self, model: CompiledModel, calendar: Calendar) -> datetime:
        """The end of the last partition that is complete, on the model's wall clock."""
        return calendar.grain.floor(self._reached(model, calendar))

    def _reached(self, model: CompiledModel, calendar: Calendar) -> datetime:
        """How far all that a model reads is complete, on the model's wall clock."""
        reads = dict.fromkeys(each.table for each in model.inputs if each.map.reach in (Reach.SAME, Reach.LAST))
        ends = (self._instant(table) for table in reads if table != model.name)
        end = calendar.local(min((self._now, *(each for each in ends if each is not None))))
        declared = model.model.partition.end if model.model.partition else None
        return min((end, *self._out_of_sight(model, calendar), *([declared] if declared else [])))

    def _out_of_sight(self, model: CompiledModel, calendar: Calendar) -> Iterator[datetime]:
        """When the last partition of an input can't be seen any more of which the latest is read."""
        for table, map_ in chosen_inputs(model.inputs):
            end = self._instant(table)
            if end is not None and map_.unit is not None:
                yield map_.unit.shift(calendar.local(end), map_.count) - TICK

    def _instant(self, table: TableName) -> datetime | None:
        """When a table ends, in UTC; None where it has no partitions, or no end."""
        if table not in self._ends:
            self._ends[table] = self._found(table)
        return self._ends[table]

    def _found(self, table: TableName) -> datetime | None:
        calendar = self._graph.calendars.get(table)
        if calendar is None:
            return None
        if table in self._graph.models:
            model = self._graph.models[table]
            return calendar.instant(self._end(model, calendar)) if model.model.partition is not None else None
        partition = self._graph.sources[table].partition
        return calendar.instant(partition.end) if partition is not None and partition.end is not None else None


@functools.lru_cache(maxsize=64)
def _ids(grain: Grain, start: datetime, end: datetime) -> tuple[str, ...]:
    """What is cut and ends alike has the same partitions, which most tables of a project do."""
    return tuple(each.isoformat()[: grain.id_length] for each in grain.range(start, end))
