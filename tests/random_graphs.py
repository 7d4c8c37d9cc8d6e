"""Graphs of any shape without SQL, as the compile stage would give them: chains, diamonds, views, self-references."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.declared import OnChange
from aggregator.core.diagnostics import Document, Place, Word
from aggregator.core.graph import CompiledModel, Graph, Input
from aggregator.core.maps import ALL, PREVIOUS, SAME, PartitionMap, Reach
from aggregator.core.names import TableName
from aggregator.core.project import Kind, Model, Partitioning, Source

PLACE = Place("")
START, DAYS = datetime.fromisoformat("2013-02-01"), 28
END = START + timedelta(days=DAYS)
DAILY = Calendar("day", ColumnType.DATE, Grain.DAY, "UTC")
FACTS, OTHER, NAMES = TableName("lake", "facts"), TableName("lake", "other"), TableName("lake", "names")
DAY_IDS = [(START + timedelta(days=each)).isoformat()[:10] for each in range(DAYS)]


def random_graph(random: Random, *, has_policies: bool) -> Graph:
    """Two sources by day, one without partitions, and a few models, each of which reads some of what is before it."""
    sources = {name: _source(name, None if name == NAMES else DAILY) for name in (FACTS, OTHER, NAMES)}
    calendars: dict[TableName, Calendar | None] = {FACTS: DAILY, OTHER: DAILY, NAMES: None}
    models: dict[TableName, CompiledModel] = {}
    for number in range(random.randint(3, 6)):
        model = _model(random, TableName("marts", f"m{number}"), calendars, has_policies=has_policies)
        models[model.name] = model
        calendars[model.name] = model.calendar
    return graph_with(sources, models)


def graph_with(sources: dict[TableName, Source], models: dict[TableName, CompiledModel]) -> Graph:
    """The graph with the fingerprints that follow."""
    finished: dict[TableName, CompiledModel] = {}
    for name, model in models.items():
        views = [finished[edge.table] for edge in model.inputs if edge.table in finished]
        parts = [model.sql, *(f"{edge.table}:{edge.map}" for edge in model.inputs)]
        parts += [each.fingerprint for each in views if each.model.kind is Kind.VIEW]
        fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        finished[name] = dataclasses.replace(model, fingerprint=fingerprint)
    calendars = {name: None if name == NAMES else DAILY for name in sources}
    calendars |= {name: each.calendar for name, each in models.items()}
    reads = {name: tuple({edge.table for edge in each.inputs} - {name}) for name, each in finished.items()}
    project: Any = None
    return Graph(project, finished, sources, calendars, reads, {})


def changed(graph: Graph, random: Random) -> Graph:
    """The graph with other logic in one model: another function, or other maps."""
    name = random.choice(list(graph.models))
    model = graph.models[name]
    new = dataclasses.replace(model, sql=str(int(model.sql) + 1))
    if model.model.on_change is None and random.random() < 0.3:  # what is accepted under other maps was never read
        inputs = tuple(_mapped(random, edge, model.calendar, graph.calendars[edge.table]) for edge in model.inputs)
        new = dataclasses.replace(model, inputs=inputs, one_by_one=_why_one_by_one(inputs))
    return graph_with(dict(graph.sources), {**graph.models, name: new})


def _source(name: TableName, calendar: Calendar | None) -> Source:
    partition = Partitioning(Word("day", PLACE), Grain.DAY, "UTC", PLACE, START, END) if calendar else None
    return Source(name, Document("", ""), "", "", (), partition)


def _model(
    random: Random, name: TableName, calendars: dict[TableName, Calendar | None], *, has_policies: bool
) -> CompiledModel:
    kind = Kind.VIEW if random.random() < 0.15 else Kind.TABLE
    grain = random.choice((Grain.DAY, Grain.DAY, Grain.DAY, Grain.ISOWEEK, Grain.MONTH, None))
    calendar = None if kind is Kind.VIEW or grain is None else dataclasses.replace(DAILY, grain=grain)
    tables = random.sample(list(calendars), min(len(calendars), random.randint(1, 3)))
    edges = [Input(each, each.table, ALL, PLACE) for each in tables]
    inputs = [_mapped(random, edge, calendar, calendars[edge.table]) for edge in edges]
    reads_itself = calendar is not None and random.random() < 0.2
    inputs += [Input(name, name.table, PREVIOUS, PLACE)] if reads_itself else []
    partition = Partitioning(Word("day", PLACE), grain, "UTC", PLACE, START) if calendar and grain else None
    declared = Model(name, Document("", ""), 0, kind, "", "", partition=partition)
    if has_policies and kind is Kind.TABLE:
        declared = _with_policies(random, declared, inputs)
    return CompiledModel(
        model=declared,
        place=PLACE,
        sql="0",
        inputs=tuple(inputs),
        columns=(),
        calendar=calendar,
        one_by_one=_why_one_by_one(inputs),
        fingerprint="",
    )


def _why_one_by_one(inputs: Iterable[Input]) -> str:
    return next((str(edge.map) for edge in inputs if edge.map.reach in (Reach.LATEST, Reach.PREVIOUS)), "")


def _with_policies(random: Random, model: Model, inputs: list[Input]) -> Model:
    kept = [Word(str(edge.table), PLACE) for edge in inputs if edge.map.reach not in (Reach.ALL, Reach.PREVIOUS)]
    accepted = random.choice((None, OnChange(PLACE), OnChange(PLACE, START + timedelta(days=7))))
    if accepted is not None and accepted.start is not None and model.partition is None:
        accepted = None
    return dataclasses.replace(model, kept=tuple(kept) if random.random() < 0.5 else (), on_change=accepted)


def _mapped(random: Random, edge: Input, reader: Calendar | None, source: Calendar | None) -> Input:
    """The input through some map that it may be read through."""
    if reader is None or source is None or edge.map == PREVIOUS:
        return edge
    reaches = (Reach.LAST, Reach.OFFSET, Reach.LATEST)
    lengths = [PartitionMap(reach, random.randint(1, 4), Grain.DAY) for reach in reaches]
    return dataclasses.replace(edge, map=random.choice((SAME, SAME, ALL, *lengths)))
