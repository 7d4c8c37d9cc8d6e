"""Which partitions a model should have by now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.warehouse import WHOLE


def due_partitions(graph: Graph, now: datetime) -> dict[TableName, tuple[str, ...]]:
    """The ids of the partitions of every model that are complete at ``now``, oldest first.

    A partition is due when it is over and all that it reads is: a day is not built before its last hour is there, and
    not beyond the end of a source that ended. ``from:`` says where a table begins, ``to:`` where it ends.
    """
    ends: dict[TableName, datetime] = {}
    for source in graph.sources.values():
        calendar = graph.calendars.get(source.name)
        if calendar is not None and source.partition is not None and source.partition.end is not None:
            ends[source.name] = calendar.instant(source.partition.end)
    due: dict[TableName, tuple[str, ...]] = {}
    for name, model in graph.models.items():
        if model.calendar is None or model.model.partition is None:
            due[name] = (WHOLE,)
            continue
        end = _end(model, model.calendar, ends, now)
        ends[name] = model.calendar.instant(end)
        partitions = model.calendar.grain.range(model.model.partition.start, end)
        due[name] = tuple(model.calendar.id(partition) for partition in partitions)
    return due


def _end(model: CompiledModel, calendar: Calendar, ends: Mapping[TableName, datetime], now: datetime) -> datetime:
    """The end of the last partition that is complete, on the model's wall clock."""
    limits = [now.replace(tzinfo=None)]
    limits += [
        ends[edge.table] for edge in model.inputs if edge.map.reach in (Reach.SAME, Reach.LAST) and edge.table in ends
    ]
    end = calendar.local(min(limits))
    declared = model.model.partition.end if model.model.partition else None
    return calendar.grain.floor(min(end, declared) if declared else end)
