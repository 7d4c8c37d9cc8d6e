"""One model, compiled from its own file and what is known of the tables that it reads. Pure."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.batch import why_one_by_one
from aggregator.compile.casts import cast_problems
from aggregator.compile.dateparts import date_part_problems
from aggregator.compile.fingerprint import fingerprint
from aggregator.compile.grouping import grouping_problems
from aggregator.compile.incomparable import incomparable_problems
from aggregator.compile.inferred import inferred_aggregate
from aggregator.compile.joins import join_problems
from aggregator.compile.operands import operand_problems
from aggregator.compile.outputs import declaration_problems, output_problems, parameter_problems
from aggregator.compile.parse import parse_select
from aggregator.compile.placement import placement_problems
from aggregator.compile.reserved import reserved_problems
from aggregator.compile.resolve import Reference, Resolver, references, unknown_references
from aggregator.compile.routines import Routines
from aggregator.compile.shapes import shape_problems
from aggregator.compile.subject import Subject
from aggregator.compile.tables import calendar_of
from aggregator.compile.windows import window_problems
from aggregator.core.calendar import Grain
from aggregator.core.diagnostics import Diagnostic, errors
from aggregator.core.graph import CompiledModel, Implied, Input, OutputColumn, Splice, Table
from aggregator.core.project import Column, Kind, Model

if TYPE_CHECKING:
    from collections.abc import Collection

    from aggregator.compile.functions import Call, Functions
    from aggregator.compile.query import Query
    from aggregator.compile.written import Written
    from aggregator.core.names import TableName

Tables = Mapping["TableName", Table]


_LOOKS = (output_problems, placement_problems, shape_problems, window_problems, join_problems, reserved_problems)
"""What looks at a SELECT as it is written."""

_CLOSER_LOOKS = (grouping_problems, operand_problems, cast_problems, incomparable_problems, date_part_problems)
"""What looks at a SELECT whose columns have types."""


@dataclasses.dataclass(frozen=True)
class Parsed:
    """A model whose SELECT could be read; ``calls`` are the declared functions that it calls, of all ``routines``."""

    written: Written
    query: Query
    references: tuple[Reference, ...]
    calls: tuple[Call, ...] = ()
    routines: Routines = dataclasses.field(default_factory=dict)

    @property
    def model(self) -> Model:
        """The model, with what its declarations imply."""
        return self.written.model

    @property
    def tables(self) -> frozenset[TableName]:
        """The tables that the SELECT mentions, or a declared function that it calls."""
        return frozenset(reference.table for reference in self.references)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of compiling a model: the model, unless errors left it without meaning, and all findings."""

    subject: Subject | None
    diagnostics: tuple[Diagnostic, ...]


def parse_model(
    written: Written, known: Collection[TableName], functions: Functions
) -> tuple[Parsed | None, list[Diagnostic]]:
    """Parse the SELECT of a model; ``known`` are all tables of the project, ``functions`` the declared ones."""
    model = written.model
    query = parse_select(written.text, model.document, model.sql_start, written.source_map)
    if isinstance(query, Diagnostic):
        return None, [query]
    calls = functions.called(query.tokens)
    found = list(references(query, calls, functions.learned))
    mentioned = [each for each in found if isinstance(each, Reference)]
    problems = [each for each in found if isinstance(each, Diagnostic)]
    problems += unknown_references(model, query, mentioned, known)
    parsed = None if any(errors(problems)) else Parsed(written, query, tuple(mentioned), calls, functions.routines)
    found_in_text = (look(query) for look in _LOOKS)
    problems += parameter_problems(model, query)
    return parsed, [*problems, *itertools.chain.from_iterable(found_in_text)]


def compile_model(parsed: Parsed, tables: Tables) -> Outcome:
    """Resolve, type and fingerprint a model. ``tables`` has every table that it reads but itself."""
    model, query = parsed.model, parsed.query
    analysis = _analyse(parsed, tables)
    if not isinstance(analysis, Analysis):
        return Outcome(None, tuple(analysis))
    columns = _marked(_described(analysis.columns, model.columns), parsed.written.implied)
    problems = [*declaration_problems(model, columns), *(each for look in _CLOSER_LOOKS for each in look(analysis))]
    problems += analysis.remarks
    partition = model.partition if model.kind is not Kind.VIEW else None
    calendar = calendar_of(partition, columns, [tables[name] for name in sorted(parsed.tables & tables.keys())])
    if isinstance(calendar, Diagnostic):
        return Outcome(None, (*problems, calendar))
    calendars = {name: table.calendar for name, table in tables.items()} | {model.name: calendar}
    resolver = Resolver(calendars, {name: table.columns for name, table in tables.items()})
    resolved = list(resolver.inputs(model, parsed.references, query))
    inputs = tuple(each for each in resolved if isinstance(each, Input))
    problems += (each for each in resolved if isinstance(each, Diagnostic))
    filtered = resolver.filtered(model, parsed.references, inputs, analysis)
    problems += filtered.problems
    elsewhere = [tables[edge.table].logic for edge in inputs if edge.table in tables and tables[edge.table].logic]
    elsewhere += (call.logic for call in parsed.calls)
    compiled = CompiledModel(
        model=model,
        place=query.place(len(query.text) - len(query.text.lstrip())),
        sql=filtered.sql,
        inputs=inputs,
        columns=columns,
        calendar=calendar,
        one_by_one=why_one_by_one(analysis, inputs, calendar, calendars) if calendar else "",
        fingerprint=fingerprint(query, model.kind, calendar, inputs, elsewhere),
        is_templated=query.source_map is not None,
        splices=filtered.splices,
        functions=tuple(call.name for call in parsed.calls),
        aggregate=parsed.written.aggregate or inferred_aggregate(model, analysis, inputs, calendars),
        implied=parsed.written.implied,
        facts=_spliced(parsed.written.facts, filtered.splices),
    )
    return Outcome(Subject(compiled, query, analysis, tables), tuple(problems))


def _spliced(span: tuple[int, int] | None, splices: tuple[Splice, ...]) -> tuple[int, int] | None:
    """Where characters of the text stand in the compiled SQL, with the filters that were put in between."""
    if span is None:
        return None
    moved = [0, 0]
    for index, offset in enumerate(span):
        before = [each for each in splices if each.written_end <= offset]
        moved[index] = offset - before[-1].written_end + before[-1].end if before else offset
    return moved[0], moved[1]


def _marked(columns: tuple[OutputColumn, ...], implied: Implied | None) -> tuple[OutputColumn, ...]:
    """Columns that are kept for merging know their measures, and measures which kind of number they are."""
    if implied is None:
        return columns
    columns = tuple(dataclasses.replace(each, measure=implied.numbers.get(each.name, each.measure)) for each in columns)
    return tuple(
        dataclasses.replace(column, state_of=state[0], description=column.description or _what(state))
        if (state := implied.states.get(column.name))
        else column
        for column in columns
    )


def _what(state: tuple[str, str]) -> str:
    """What is kept, for whoever comes across it in the warehouse."""
    measure, meaning = state
    return f"Kept for roll-ups of {measure}: {meaning}" if meaning else f"Kept for roll-ups of {measure}"


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
    analysis = analyse(parsed.query, schemas, assumed, parsed.routines)
    if not isinstance(analysis, Analysis):
        return analysis
    by = model.partition.by.casefold() if model.partition else None
    cut_by = tuple(column for column in analysis.columns if column.name.casefold() == by)
    found = next((column.type for column in _described(cut_by, model.columns) if column.type), assumed)
    if not reads_itself and (found == assumed or not analysis.uses_parameters):
        return analysis
    own = {model.name: _described(analysis.columns, model.columns)} if reads_itself else {}
    return analyse(parsed.query, schemas | own, found, parsed.routines)


def _described(columns: tuple[OutputColumn, ...], declared: Iterable[Column]) -> tuple[OutputColumn, ...]:
    """Inferred columns with what the author declared about them."""
    by_name = {column.name.casefold(): column for column in declared}
    if not columns:
        return ()
    return tuple(
        column.described(known.type, known.description) if (known := by_name.get(column.name.casefold())) else column
        for column in columns
    )
