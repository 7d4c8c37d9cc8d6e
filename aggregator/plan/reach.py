"""What a partition is made from, table by table up to the sources, and what is made from it. Pure.

Views are passed through: they have no partitions, so all is read of what is below them. What lies before ``from:``, or
is not there yet, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from aggregator.core.calendar import Calendar
from aggregator.core.graph import CompiledModel, Graph, Input
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.plan.due import Horizon
from aggregator.plan.inverse import readers_of_stretch
from aggregator.plan.runs import read_by_stretch
from aggregator.plan.stretches import Stretch, union, within, without

Stretches: TypeAlias = tuple[Stretch, ...]
Reached: TypeAlias = Mapping[TableName, Stretches]
"""Partitions by table, the nearest tables first."""

_ANY = datetime.fromisoformat("0001-01-01")
UNCUT = (Stretch(_ANY, _ANY),)
"""What there is of a table that is not cut into partitions: all of it."""


def made_from(graph: Graph, now: datetime, table: TableName, asked: Stretches) -> Reached:
    """All that some partitions of a table are made from; its own earlier ones, too, if it reads itself."""
    return _without(graph, with_inputs(graph, now, {table: asked}), table, asked)


def with_inputs(graph: Graph, now: datetime, asked: Reached) -> Reached:
    """Some partitions of some tables, and all that they are made from."""
    steps = _Steps(graph, now)
    found = dict(asked)
    for name in reversed(list(graph.models)):
        if name not in found:
            continue
        model = graph.models[name]
        if _reads_itself(model):
            found[name] = steps.together(name, found[name], steps.before(name, found[name]))
        for edge in _edges(model):
            found[edge.table] = steps.together(
                edge.table, found.get(edge.table, ()), steps.up(model, edge, found[name])
            )
    return found


def used_by(graph: Graph, now: datetime, table: TableName, asked: Stretches) -> Reached:
    """All that is made from some partitions of a table; its own later ones, too, if it reads itself."""
    steps = _Steps(graph, now)
    found = {table: asked}
    for name in graph.models:
        if name != table and found.keys().isdisjoint(graph.reads[name]):
            continue
        model = graph.models[name]
        for edge in _edges(model):
            if edge.table in found:
                found[name] = steps.together(name, found.get(name, ()), steps.down(model, edge, found[edge.table]))
        if _reads_itself(model):
            found[name] = steps.together(name, found[name], steps.after(name, found[name]))
    return _without(graph, found, table, asked)


class _Steps:
    """One step up or down, over what there is by now."""

    def __init__(self, graph: Graph, now: datetime) -> None:
        self._calendars = graph.calendars
        self._horizon = Horizon(graph, now)

    def up(self, model: CompiledModel, edge: Input, built: Stretches) -> Stretches:
        """What some partitions of a model read through one of its inputs."""
        reader, source = model.calendar, self._calendars[edge.table]
        if edge.map.reach is Reach.ALL or reader is None or source is None:
            return self._all(edge.table) if built else ()
        found = [each for stretch in built for each in read_by_stretch(edge.map, reader, source, stretch)]
        return within(found, self._horizon.extent(edge.table))

    def down(self, model: CompiledModel, edge: Input, changed: Stretches) -> Stretches:
        """Which partitions of a model read some of an input."""
        reader, source = model.calendar, self._calendars[edge.table]
        if edge.map.reach is Reach.ALL or reader is None or source is None:
            return self._all(model.name) if changed else ()
        found = [each for stretch in changed for each in readers_of_stretch(edge.map, reader, source, stretch)]
        return within(found, self._horizon.extent(model.name))

    def before(self, name: TableName, built: Stretches) -> Stretches:
        """All earlier partitions of a table that reads its own."""
        extent = self._horizon.extent(name)
        return within([Stretch(extent.first, built[-1].last)], extent) if extent and built else ()

    def after(self, name: TableName, changed: Stretches) -> Stretches:
        """All later ones."""
        extent = self._horizon.extent(name)
        return within([Stretch(changed[0].first, extent.last)], extent) if extent and changed else ()

    def together(self, table: TableName, one: Stretches, other: Stretches) -> Stretches:
        """Two sets of partitions as one."""
        calendar = self._calendars[table]
        return union((*one, *other), calendar.grain) if calendar is not None else one or other

    def _all(self, table: TableName) -> Stretches:
        extent = self._horizon.extent(table)
        if self._calendars[table] is None:
            return UNCUT
        return (extent,) if extent is not None else ()


def _edges(model: CompiledModel) -> Iterable[Input]:
    """What a model reads of other tables."""
    return (edge for edge in model.inputs if edge.table != model.name)


def _reads_itself(model: CompiledModel) -> bool:
    return any(edge.table == model.name for edge in model.inputs)


def _without(graph: Graph, found: Reached, table: TableName, asked: Stretches) -> Reached:
    """What was found, without what was asked about."""
    calendar = graph.calendars[table]
    own = without(found[table], asked, calendar.grain) if calendar is not None else ()
    return {name: each for name, each in {**found, table: own}.items() if each}


def named(calendar: Calendar | None, stretches: Stretches) -> list[tuple[str, str]]:
    """The ids of the first and the last partition of each stretch; none where there are no partitions."""
    return [(calendar.id(each.first), calendar.id(each.last)) for each in stretches] if calendar is not None else []


def number(calendar: Calendar | None, stretches: Stretches) -> int:
    """How many partitions some stretches have."""
    return sum(each.number(calendar.grain) for each in stretches) if calendar is not None else 0
