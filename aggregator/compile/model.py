"""One model, compiled from its own file and what is known of the tables that it reads. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aggregator.compile import codes
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.batch import why_one_by_one
from aggregator.compile.fingerprint import fingerprint
from aggregator.compile.outputs import declaration_problems, output_problems, parameter_problems
from aggregator.compile.parse import parse_select
from aggregator.compile.resolve import Reference, Resolver, references, unknown_references
from aggregator.compile.subject import Subject
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.diagnostics import Diagnostic, did_you_mean, errors
from aggregator.core.graph import CompiledModel, Input, OutputColumn, Table
from aggregator.core.project import Column, Kind, Model, Partitioning, Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.compile.query import Query
    from aggregator.compile.render import Renderer
    from aggregator.core.names import TableName

Tables = Mapping["TableName", Table]


@dataclasses.dataclass(frozen=True)
class Parsed:
    """A model whose SELECT could be read; ``tables`` are those that it mentions."""

    model: Model
    query: Query
    references: tuple[Reference, ...]

    @property
    def tables(self) -> frozenset[TableName]:
        """The tables that the SELECT mentions."""
        return frozenset(reference.table for reference in self.references)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of compiling a model: the model, unless errors left it without meaning, and all findings."""

    subject: Subject | None
    diagnostics: tuple[Diagnostic, ...]


def parse_model(
    model: Model, renderer: Renderer, known: Collection[TableName]
) -> tuple[Parsed | None, list[Diagnostic]]:
    """Render and parse a model; ``known`` are all tables of the project."""
    rendered = renderer.render(model.document, model.sql_start)
    if isinstance(rendered, Diagnostic):
        return None, [rendered]
    query = parse_select(rendered[0], model.document, model.sql_start, rendered[1])
    if isinstance(query, Diagnostic):
        return None, [query]
    found = list(references(query))
    mentioned = [each for each in found if isinstance(each, Reference)]
    problems = [each for each in found if isinstance(each, Diagnostic)]
    problems += unknown_references(model, query, mentioned, known)
    parsed = None if any(errors(problems)) else Parsed(model, query, tuple(mentioned))
    return parsed, [*problems, *output_problems(query), *parameter_problems(model, query)]


def compile_model(parsed: Parsed, tables: Tables) -> Outcome:
    """Resolve, type and fingerprint a model. ``tables`` has every table that it reads but itself."""
    model, query = parsed.model, parsed.query
    analysis = _analyse(parsed, tables)
    if not isinstance(analysis, Analysis):
        return Outcome(None, tuple(analysis))
    columns = _described(analysis.columns, model.columns)
    problems = list(declaration_problems(model, columns))
    partition = model.partition if model.kind is not Kind.VIEW else None
    calendar = calendar_of(partition, columns, [tables[name] for name in sorted(parsed.tables & tables.keys())])
    if isinstance(calendar, Diagnostic):
        return Outcome(None, (*problems, calendar))
    calendars = {name: table.calendar for name, table in tables.items()} | {model.name: calendar}
    resolver = Resolver(calendars)
    resolved = list(resolver.inputs(model, parsed.references, query))
    inputs = tuple(each for each in resolved if isinstance(each, Input))
    problems += (each for each in resolved if isinstance(each, Diagnostic))
    views = (tables[edge.table].logic for edge in inputs if edge.table in tables and tables[edge.table].logic)
    compiled = CompiledModel(
        model=model,
        place=query.place(len(query.text) - len(query.text.lstrip())),
        sql=resolver.filtered(model, parsed.references, inputs, query.text),
        inputs=inputs,
        columns=columns,
        calendar=calendar,
        one_by_one=why_one_by_one(analysis, inputs, calendar, calendars) if calendar else "",
        fingerprint=fingerprint(query, model.kind, calendar, inputs, views),
        is_templated=query.lines is not None,
    )
    return Outcome(Subject(compiled, query, analysis, tables), tuple(problems))


def table_of_model(compiled: CompiledModel) -> Table:
    """What the readers of a model can know of it."""
    model = compiled.model
    logic = compiled.fingerprint if model.kind is Kind.VIEW else ""
    return Table(model.name, compiled.columns, compiled.calendar, tuple(map(str, model.key)), logic)


def table_of_source(source: Source) -> Table | Diagnostic:
    """What the readers of a source can know of it."""
    columns = tuple(OutputColumn(c.name, c.type, c.description) for c in source.columns)
    calendar = calendar_of(source.partition, columns)
    return calendar if isinstance(calendar, Diagnostic) else Table(source.name, columns, calendar)


def _analyse(parsed: Parsed, tables: Tables) -> Analysis | list[Diagnostic]:
    """Type a SELECT, in two looks where the first has to learn what the second needs.

    That is the type of the parameters, which is that of the partition column, and the columns of a model that
    reads itself.
    """
    model, reads_itself = parsed.model, parsed.model.name in parsed.tables
    schemas = {name: tables[name].columns for name in parsed.tables & tables.keys()}
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


def calendar_of(
    partition: Partitioning | None, columns: tuple[OutputColumn, ...], tables: Iterable[Table] = ()
) -> Calendar | Diagnostic | None:
    """How a table is cut; ``tables`` are those that it is made from."""
    if partition is None:
        return None
    column = next((each for each in columns if each.name.casefold() == partition.by.casefold()), None)
    if column is None:
        readable = [table.name for table in tables if any(each.name == partition.by for each in table.columns)]
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
