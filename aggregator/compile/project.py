""":class:`Project` to :class:`Graph`: the second stage of the line."""

from __future__ import annotations

import dataclasses
import graphlib
from collections.abc import Collection, Iterable, Iterator, Mapping

from aggregator.compile import codes
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.batch import why_one_by_one
from aggregator.compile.fingerprint import fingerprint
from aggregator.compile.outputs import declaration_problems, output_problems, parameter_problems
from aggregator.compile.parse import parse_select
from aggregator.compile.render import Renderer
from aggregator.compile.resolve import Reference, Resolver, references, unknown_references
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.diagnostics import Diagnostic, did_you_mean, errors
from aggregator.core.graph import CompiledModel, Graph, Input, OutputColumn, Query
from aggregator.core.names import TableName
from aggregator.core.project import Column, Kind, Model, Partitioning, Project


@dataclasses.dataclass(frozen=True)
class Compiled:
    """The models that could be understood, and what is wrong with the others."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]


@dataclasses.dataclass(frozen=True)
class _Parsed:
    model: Model
    query: Query
    references: list[Reference]

    @property
    def tables(self) -> set[TableName]:
        return {reference.table for reference in self.references}


def compile_project(project: Project) -> Compiled:
    """Render, parse, resolve, type and fingerprint every model. All mistakes are collected, none stops the rest."""
    compiler = _Compiler(project)
    parsed = {each.model.name: each for each in compiler.parse()}
    for name in compiler.in_order(parsed):
        compiler.compile(parsed[name])
    graph = Graph(project, compiler.models, project.sources, compiler.calendars)
    order = sorted(dict.fromkeys(compiler.diagnostics), key=lambda found: (found.place, found.code.id))
    return Compiled(graph, tuple(order))


class _Compiler:
    """Holds what is known so far while models are compiled, upstream first."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._broken = set(project.broken)
        self._tables = {*project.models, *project.sources, *project.broken}
        self._schemas: dict[TableName, tuple[OutputColumn, ...]] = {}
        self.diagnostics: list[Diagnostic] = []
        self.models: dict[TableName, CompiledModel] = {}
        self.calendars: dict[TableName, Calendar | None] = {}
        for source in project.sources.values():
            columns = tuple(OutputColumn(c.name, c.type, c.description) for c in source.columns)
            self._schemas[source.name] = columns
            calendar = self._calendar(source.partition, columns)
            if isinstance(calendar, Diagnostic):
                self._fail(source.name, calendar)
            else:
                self.calendars[source.name] = calendar

    def parse(self) -> Iterator[_Parsed]:
        renderer = Renderer(self._project)
        self.diagnostics += renderer.macro_problems()
        for model in self._project.models.values():
            rendered = renderer.render(model.document, model.sql_start)
            if isinstance(rendered, Diagnostic):
                self._fail(model.name, rendered)
                continue
            query = parse_select(rendered[0], model.document, model.sql_start, rendered[1])
            if isinstance(query, Diagnostic):
                self._fail(model.name, query)
                continue
            found = list(references(query))
            mentioned = [each for each in found if isinstance(each, Reference)]
            problems = [each for each in found if isinstance(each, Diagnostic)]
            problems += unknown_references(model, query, mentioned, self._tables)
            self.diagnostics += [*problems, *output_problems(query), *parameter_problems(model, query)]
            if any(errors(problems)):
                self._fail(model.name)
            else:
                yield _Parsed(model, query, mentioned)

    def in_order(self, parsed: Mapping[TableName, _Parsed]) -> list[TableName]:
        """Upstream before downstream; models in a circle are reported and left out."""
        while True:
            sound = {name: each.tables - {name} for name, each in parsed.items() if name not in self._broken}
            edges = {name: sorted(tables & sound.keys()) for name, tables in sound.items()}
            try:
                return list(graphlib.TopologicalSorter(edges).static_order())
            except graphlib.CycleError as error:
                circle: list[TableName] = error.args[1][::-1]
                self._fail_circle(parsed, circle)

    def compile(self, parsed: _Parsed) -> None:
        model, query = parsed.model, parsed.query
        if parsed.tables & self._broken:
            self._fail(model.name)
            return
        analysis = self._analyse(parsed)
        if not isinstance(analysis, Analysis):
            self._fail(model.name, *analysis)
            return
        columns = _described(analysis.columns, model.columns)
        self.diagnostics += declaration_problems(model, columns)
        partition = model.partition if model.kind is not Kind.VIEW else None
        calendar = self._calendar(partition, columns, sorted(parsed.tables - {model.name}))
        if isinstance(calendar, Diagnostic):
            self._fail(model.name, calendar)
            return
        self.calendars[model.name] = calendar
        resolver = Resolver(self.calendars)
        resolved = list(resolver.inputs(model, parsed.references, query))
        inputs = [each for each in resolved if isinstance(each, Input)]
        self.diagnostics += [each for each in resolved if isinstance(each, Diagnostic)]
        self._schemas[model.name] = columns
        self.models[model.name] = CompiledModel(
            model=model,
            query=query,
            sql=resolver.filtered(model, parsed.references, inputs, query.text),
            inputs=tuple(inputs),
            columns=columns,
            calendar=calendar,
            one_by_one=why_one_by_one(analysis, tuple(inputs), calendar, self.calendars) if calendar else "",
            fingerprint=self._fingerprint(model, query, calendar, inputs),
        )

    def _analyse(self, parsed: _Parsed) -> Analysis | list[Diagnostic]:
        """Type a SELECT, in two looks where the first has to learn what the second needs.

        That is the type of the parameters, which is that of the partition column, and the columns of a model that
        reads itself.
        """
        model, reads_itself = parsed.model, parsed.model.name in parsed.tables
        schemas = {table: self._schemas.get(table, ()) for table in parsed.tables - {model.name}}
        if reads_itself:  # NULL takes on the type of whatever it meets
            untyped = tuple(OutputColumn(name, "NULL") for name in parsed.query.tree.named_selects)
            schemas[model.name] = _described(untyped, model.columns)
        assumed = "TIMESTAMP" if model.partition and model.partition.grain is Grain.HOUR else "DATE"
        analysis = analyse(parsed.query, schemas, assumed)
        if not isinstance(analysis, Analysis):
            return analysis
        own = _described(analysis.columns, model.columns)
        by = model.partition.by.casefold() if model.partition else None
        found = next((column.type for column in own if column.name.casefold() == by and column.type), assumed)
        if found == assumed and not reads_itself:
            return analysis
        return analyse(parsed.query, schemas | ({model.name: own} if reads_itself else {}), found)

    def _calendar(
        self, partition: Partitioning | None, columns: tuple[OutputColumn, ...], tables: Collection[TableName] = ()
    ) -> Calendar | Diagnostic | None:
        """How a table is cut; ``tables`` are those that it is made from."""
        if partition is None:
            return None
        column = next((each for each in columns if each.name.casefold() == partition.by.casefold()), None)
        if column is None:
            readable = [table for table in tables if any(each.name == partition.by for each in self._schemas[table])]
            advice = f"select it: it is a column of {readable[0]}" if readable else ""
            advice = advice or did_you_mean(partition.by, (each.name for each in columns))
            message = f"there is no column {partition.by} to partition by"
            return Diagnostic(partition.by.place, codes.MISSING_COLUMN, message, advice)
        types = [member.value for member in ColumnType]
        if column.type not in types:
            found = f"is {column.type}" if column.type else "has a type that can't be inferred"
            advice = "make it DATE, DATETIME or TIMESTAMP"
            advice += "" if column.type else f", or declare `columns: {{{column.name}: {{type: DATE}}}}`"
            message = f"the partition column {column.name} {found}"
            return Diagnostic(partition.by.place, codes.PARTITION_TYPE, message, advice)
        if column.type == ColumnType.DATE and partition.grain is Grain.HOUR:
            message = f"the partition column {column.name} is a DATE, which has no hours"
            advice = "partition by day, or by a TIMESTAMP column"
            return Diagnostic(partition.by.place, codes.PARTITION_TYPE, message, advice)
        return Calendar(column.name, ColumnType(column.type), partition.grain, partition.zone)

    def _fingerprint(self, model: Model, query: Query, calendar: Calendar | None, inputs: list[Input]) -> str:
        views = (
            self.models[edge.table].fingerprint
            for edge in inputs
            if edge.table in self.models and self.models[edge.table].model.kind is Kind.VIEW
        )
        return fingerprint(query, model.kind, calendar, inputs, views)

    def _fail_circle(self, parsed: Mapping[TableName, _Parsed], circle: list[TableName]) -> None:
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


def _described(columns: tuple[OutputColumn, ...], declared: Iterable[Column]) -> tuple[OutputColumn, ...]:
    """Inferred columns with what the author declared about them."""
    by_name = {column.name.casefold(): column for column in declared}
    if not columns:
        return ()
    return tuple(
        dataclasses.replace(column, type=known.type or column.type, description=known.description)
        if (known := by_name.get(column.name.casefold()))
        else column
        for column in columns
    )
