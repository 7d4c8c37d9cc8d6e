""":class:`Project` to :class:`Graph`: the second stage of the line."""

from __future__ import annotations

import dataclasses
import functools
import graphlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from aggregator.cache import Cache
from aggregator.compile import codes
from aggregator.compile.facts import BROKEN, NO_FINDINGS, Facts, compiled_from, table_from, table_text
from aggregator.compile.recall import Recall
from aggregator.compile.tables import table_of_source
from aggregator.compile.workers import Workers
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.lazily import Lazily
from aggregator.core.names import TableName
from aggregator.core.project import Project

if TYPE_CHECKING:
    from aggregator.compile.subject import Inspect
    from aggregator.core.calendar import Calendar


Progress = Callable[[int, int], object]


@dataclasses.dataclass(frozen=True)
class Compiled:
    """The models that could be understood, and what is wrong with the others; what was remarked about models."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    remarks: Mapping[TableName, str] = dataclasses.field(default_factory=dict)


def nothing(*_: object) -> Iterable[Diagnostic]:
    """Has nothing to say."""
    return ()


def compile_project(
    project: Project,
    inspect: Inspect = nothing,
    cache: Cache | None = None,
    processes: int = 1,
    progress: Progress = nothing,
) -> Compiled:
    """Render, parse, resolve, type and fingerprint every model. All mistakes are collected, none stops the rest.

    ``inspect`` adds what later stages have to say about a model while its trees are at hand. Models that ``cache``
    knows are not looked at again; many that it does not know are shared out over ``processes``. ``progress`` is told
    how many models are done, and of how many.
    """
    recall = Recall(project, inspect, cache or Cache(None))
    with Workers(project, inspect, processes) as workers:
        compiler = _Compiler(project, recall, workers)
        compiler.run(progress)
    return compiler.compiled()


class _Compiler:
    """Holds what is known so far while models are compiled, upstream first.

    ``_inputs`` are the tables that a model reads, or seems to read; ``_waiting`` has, for each model that is not begun,
    those of them that are not known yet, and ``_readers`` the same the other way round.
    """

    def __init__(self, project: Project, recall: Recall, workers: Workers) -> None:
        self._project = project
        self._recall = recall
        self._workers = workers
        self._facts: dict[TableName, Facts] = {}
        self._known: dict[TableName, str] = dict.fromkeys(project.broken, BROKEN)
        self._diagnostics: list[Diagnostic] = []
        for source in project.sources.values():
            table = table_of_source(source)
            if isinstance(table, Diagnostic):
                self._diagnostics.append(table)
            self._known[source.name] = BROKEN if isinstance(table, Diagnostic) else table_text(table)
        exact = recall.references()
        self._exact = set(exact)
        self._inputs = exact | recall.guessed(project.models.keys() - exact.keys())
        self._waiting: dict[TableName, set[TableName]] = {}
        self._readers: dict[TableName, list[TableName]] = {}
        self._ready: list[TableName] = []

    def run(self, progress: Progress) -> None:
        self._diagnostics += self._recall.macro_problems(self._workers)
        for name in self._project.models:
            self._await_inputs(name)
        while self._ready or self._waiting or self._workers.are_busy:
            while self._ready:
                self._begin(self._ready.pop())
            if self._workers.are_busy:
                for name, facts in self._workers.finished():
                    self._end(name, facts)
                progress(len(self._facts), len(self._project.models))
            elif self._waiting:
                self._untie()
        progress(len(self._facts), len(self._facts))

    def compiled(self) -> Compiled:
        """The result. Only what is asked for is decoded."""
        sound = {name for name, facts in self._facts.items() if facts.table != BROKEN}
        edges = {name: sorted(sound.intersection(self._inputs[name])) for name in sorted(sound)}
        order = graphlib.TopologicalSorter(edges).static_order()
        models = {name: functools.partial(self._model, name) for name in order}
        calendars = {
            name: functools.partial(self._calendar, name) for name, text in self._known.items() if text != BROKEN
        }
        graph = Graph(
            self._project,
            models=Lazily(models),
            sources=self._project.sources,
            calendars=Lazily(calendars),
            reads={name: tuple(sorted(self._inputs[name])) for name in models},
            identities={name: self._recall.identity(name) for name in models},
        )
        found = dict.fromkeys(self._diagnostics)
        for name, facts in self._facts.items():
            if facts.findings != NO_FINDINGS:
                found |= dict.fromkeys(facts.diagnostics(self._project.models[name].document))
        remarks = {name: self._facts[name].remark for name in models}
        return Compiled(graph, tuple(sorted(found, key=lambda each: (each.place, each.code.id))), remarks)

    def _await_inputs(self, name: TableName) -> None:
        models, known = self._project.models, self._known
        unknown = {table for table in self._inputs[name] if table in models and table not in known}
        if not unknown:
            self._ready.append(name)
            return
        self._waiting[name] = unknown
        for table in unknown:
            self._readers.setdefault(table, []).append(name)

    def _begin(self, name: TableName) -> None:
        known = {table: self._known[table] for table in self._inputs[name] if table in self._known}
        facts = self._recall.find(name, known) if name in self._exact else None
        if facts is None:
            self._workers.submit(name, known)
        else:
            self._settle(name, facts)

    def _end(self, name: TableName, facts: Facts) -> None:
        self._exact.add(name)
        self._inputs[name] = facts.references
        if facts.missing:
            self._await_inputs(name)
        else:
            self._recall.keep(name, facts, self._known)
            self._settle(name, facts)

    def _settle(self, name: TableName, facts: Facts) -> None:
        self._facts[name] = facts
        self._make_known(name, facts.table)

    def _make_known(self, name: TableName, table: str) -> None:
        """Let those begin that waited for nothing else."""
        self._known[name] = table
        for reader in self._readers.pop(name, ()):
            unknown = self._waiting.get(reader, set())
            unknown.discard(name)
            if not unknown and self._waiting.pop(reader, None) is not None:
                self._ready.append(reader)

    def _untie(self) -> None:
        """All wait for each other: either a guess was wrong, or models read each other in a circle."""
        guesses = [name for name in self._waiting if name not in self._exact]
        for name in guesses:
            del self._waiting[name]
            self._exact.add(name)
            self._inputs[name] = self._workers.references(name)
            self._await_inputs(name)
        if not guesses:
            self._fail_circle()

    def _fail_circle(self) -> None:
        edges = {name: sorted(unknown & self._waiting.keys()) for name, unknown in sorted(self._waiting.items())}
        try:
            graphlib.TopologicalSorter(edges).prepare()
        except graphlib.CycleError as error:
            names: list[TableName] = error.args[1][:0:-1]
        first = names.index(min(names))
        circle = [*names[first:], *names[: first + 1]]
        path = " -> ".join(map(str, circle))
        place = self._workers.place_of_reference(circle[0], circle[1])
        message = f"these models read each other in a circle: {path}"
        self._diagnostics.append(Diagnostic(place, codes.CYCLE, message, "move what they share into another model"))
        for name in circle:
            self._make_known(name, BROKEN)

    def _model(self, name: TableName) -> CompiledModel:
        text = self._facts[name].body or self._recall.body(name) or self._workers.examined(name, self._known).body
        return compiled_from(text, self._project.models[name])

    def _calendar(self, name: TableName) -> Calendar | None:
        return table_from(self._known[name]).calendar
