""":class:`Project` to :class:`Graph`: the second stage of the line."""

from __future__ import annotations

import dataclasses
import graphlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from aggregator.compile import codes
from aggregator.compile.model import Parsed, compile_model, parse_model, table_of_model, table_of_source
from aggregator.compile.render import Renderer
from aggregator.compile.subject import Subject
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph, Table
from aggregator.core.names import TableName
from aggregator.core.project import Project

Inspect = Callable[[Subject], Iterable[Diagnostic]]


@dataclasses.dataclass(frozen=True)
class Compiled:
    """The models that could be understood, and what is wrong with the others."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]


def compile_project(project: Project, inspect: Inspect = lambda _: ()) -> Compiled:
    """Render, parse, resolve, type and fingerprint every model. All mistakes are collected, none stops the rest.

    ``inspect`` adds what later stages have to say about a model while its trees are at hand.
    """
    compiler = _Compiler(project, inspect)
    parsed = {each.model.name: each for each in compiler.parse()}
    for name in compiler.in_order(parsed):
        compiler.compile(parsed[name])
    calendars = {name: table.calendar for name, table in compiler.tables.items()}
    graph = Graph(project, compiler.models, project.sources, calendars)
    order = sorted(dict.fromkeys(compiler.diagnostics), key=lambda found: (found.place, found.code.id))
    return Compiled(graph, tuple(order))


class _Compiler:
    """Holds what is known so far while models are compiled, upstream first."""

    def __init__(self, project: Project, inspect: Inspect) -> None:
        self._project = project
        self._inspect = inspect
        self._broken = set(project.broken)
        self.diagnostics: list[Diagnostic] = []
        self.models: dict[TableName, CompiledModel] = {}
        self.tables: dict[TableName, Table] = {}
        for source in project.sources.values():
            table = table_of_source(source)
            if isinstance(table, Diagnostic):
                self._fail(source.name, table)
            else:
                self.tables[source.name] = table

    def parse(self) -> Iterator[Parsed]:
        project = self._project
        renderer = Renderer(project)
        known = {*project.models, *project.sources, *project.broken}
        self.diagnostics += renderer.macro_problems()
        for model in project.models.values():
            parsed, problems = parse_model(model, renderer, known)
            self.diagnostics += problems
            if parsed is None:
                self._broken.add(model.name)
            else:
                yield parsed

    def in_order(self, parsed: Mapping[TableName, Parsed]) -> list[TableName]:
        """Upstream before downstream; models in a circle are reported and left out."""
        while True:
            sound = {name: each.tables - {name} for name, each in parsed.items() if name not in self._broken}
            edges = {name: sorted(tables & sound.keys()) for name, tables in sound.items()}
            try:
                return list(graphlib.TopologicalSorter(edges).static_order())
            except graphlib.CycleError as error:
                circle: list[TableName] = error.args[1][::-1]
                self._fail_circle(parsed, circle)

    def compile(self, parsed: Parsed) -> None:
        name = parsed.model.name
        if parsed.tables & self._broken:
            self._broken.add(name)
            return
        outcome = compile_model(parsed, {table: self.tables[table] for table in parsed.tables - {name}})
        self.diagnostics += outcome.diagnostics
        if outcome.subject is None:
            self._broken.add(name)
            return
        self.diagnostics += self._inspect(outcome.subject)
        self.models[name] = outcome.subject.model
        self.tables[name] = table_of_model(outcome.subject.model)

    def _fail_circle(self, parsed: Mapping[TableName, Parsed], circle: list[TableName]) -> None:
        path = " -> ".join(str(name) for name in circle)
        first, second = circle[0], circle[1]
        mention = next(each for each in parsed[first].references if each.table == second)
        place = parsed[first].query.place(mention.start, mention.end)
        message = f"these models read each other in a circle: {path}"
        self._fail(first, Diagnostic(place, codes.CYCLE, message, "move what they share into another model"))
        self._broken.update(circle)

    def _fail(self, name: TableName, *problems: Diagnostic) -> None:
        self.diagnostics.extend(problems)
        self._broken.add(name)
