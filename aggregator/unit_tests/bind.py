"""A test as written to what is asked: its model, typed rows of every table that it reads, and typed rows expected."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from aggregator.analyzers.googlesql.tables import Answer, Unchecked
from aggregator.compile.project import compile_project
from aggregator.core.calendar import Calendar
from aggregator.core.diagnostics import Place, did_you_mean
from aggregator.core.graph import CompiledModel, Graph, OutputColumn
from aggregator.core.names import TableName
from aggregator.load.cases import Case, RowsWritten
from aggregator.load.report import Invalid, Report
from aggregator.plan.latest import Latest, latest_inputs
from aggregator.unit_tests import codes
from aggregator.unit_tests.clock import with_clock
from aggregator.unit_tests.queried import queried
from aggregator.unit_tests.values import reader

Values: TypeAlias = dict[str, Any]
"""A row: the values of the columns that were written."""

Period: TypeAlias = tuple[datetime, datetime]

Query: TypeAlias = Callable[[CompiledModel, str, Sequence[OutputColumn]], Answer]
"""What a SELECT without tables gives, in the types of these columns."""


def no_rows(_model: CompiledModel, _sql: str, _columns: Sequence[OutputColumn]) -> Answer:
    """Where no engine is at hand."""
    return Unchecked("no engine is here")


@dataclasses.dataclass(frozen=True)
class Given:
    """A table as the query sees it; ``pseudo`` columns are those that a star leaves out."""

    name: TableName
    columns: tuple[OutputColumn, ...]
    pseudo: tuple[OutputColumn, ...]
    rows: tuple[Values, ...]


@dataclasses.dataclass(frozen=True)
class ExpectedRow:
    """A row that must come out, as far as it says."""

    values: Values
    place: Place


@dataclasses.dataclass(frozen=True)
class Computation:
    """The query of a model, and the rows to compute it over.

    ``periods`` are built one after the other, each by one query; a table without partitions has none. ``routines`` are
    the statements that make the functions which the model calls. ``latest`` are the tables of which one partition is
    read.
    """

    model: CompiledModel
    sql: str
    given: tuple[Given, ...]
    periods: tuple[Period, ...]
    routines: tuple[str, ...]
    latest: tuple[Latest, ...]


@dataclasses.dataclass(frozen=True)
class Bound(Computation):
    """A test that can be run; ``expected`` is None where an error is expected."""

    case: Case
    expected: tuple[ExpectedRow, ...] | None


def bind(case: Case, graph: Graph, report: Report, query: Query = no_rows) -> Bound | None:
    """The test over the models that are there; None if something in it does not fit, with the reasons in the report.

    ``query`` gives the rows of what is written as SQL.
    """
    model = _model(case, graph, report)
    if model is None:
        return None
    found = len(report.diagnostics)
    sql = _sql(case, model, graph.project.zone, report)
    periods = tuple(_periods(case, model, report))
    ask = functools.partial(_rows, functools.partial(query, model), report)
    given = tuple(_given(case, model, graph, report, ask))
    columns = {column.name: column.type for column in model.columns}
    expected = None
    if case.expect is not None:
        rows = ask(case.expect, columns, str(model.name), partial=True)
        places = [each.place for each in case.expect.records] or [case.expect.place] * len(rows)
        expected = tuple(ExpectedRow(values, place) for values, place in zip(rows, places, strict=True))
    if len(report.diagnostics) > found:
        return None
    texts = {each.name: str(each.text) for each in graph.project.functions}
    routines, latest = tuple(texts[name] for name in model.functions), latest_inputs(model, graph.calendars)
    return Bound(model, sql, given, periods, routines, latest, case, expected)


def _model(case: Case, graph: Graph, report: Report) -> CompiledModel | None:
    model = graph.models.get(case.model)
    if model is None:
        advice = did_you_mean(str(case.model), map(str, graph.models))
        report.add(case.place, codes.MISFIT, f"there is no model {case.model} to test", advice)
        return None
    unknown = [name for name in case.variables if name not in graph.project.variables]
    for name in unknown:
        advice = did_you_mean(name, graph.project.variables)
        report.add(name.place, codes.MISFIT, f"the project has no variable {name}", advice)
    if unknown or not case.variables:
        return None if unknown else model
    return _with_variables(case, graph, report)


def _with_variables(case: Case, graph: Graph, report: Report) -> CompiledModel | None:
    """The model as it would be with other variables; what it reads may have other columns then, so that is compiled."""
    project = graph.project
    wanted, waiting = {case.model}, [case.model]
    while waiting:
        new = [table for table in graph.upstream(waiting.pop()) if table in project.models and table not in wanted]
        wanted.update(new)
        waiting += new
    changed = dataclasses.replace(
        project,
        variables={**project.variables, **{str(name): value for name, value in case.variables.items()}},
        models={name: project.models[name] for name in wanted},
        digests={},
    )
    compiled = compile_project(changed)
    if case.model not in compiled.graph.models:
        report.diagnostics += [each for each in compiled.diagnostics if each.is_error]
        return None
    return compiled.graph.models[case.model]


def _sql(case: Case, model: CompiledModel, zone: str, report: Report) -> str:
    now = case.now or datetime(1970, 1, 1)  # noqa: DTZ001  (only to see whether it matters)
    sql = with_clock(model.sql, now if now.tzinfo else now.replace(tzinfo=ZoneInfo(zone)))
    if case.now is None and sql != model.sql:
        report.add(case.place, codes.MISFIT, f"{model.name} reads the clock", "say when it is: `now: 2013-01-02T06:00`")
    return sql


def _periods(case: Case, model: CompiledModel, report: Report) -> Iterator[Period]:
    """What is built by one query each: the whole interval, or a partition at a time, as a run would."""
    calendar, interval = model.calendar, case.interval
    if calendar is None:
        if interval is not None:
            report.add(interval.place, codes.MISFIT, f"{model.name} has no partitions", "remove `interval:`")
        return
    if interval is None:
        first = model.model.partition.start if model.model.partition else datetime(2013, 1, 1)  # noqa: DTZ001
        example = f"`interval: {{from: {_text(calendar, first)}, to: {_text(calendar, calendar.next(first))}}}`"
        report.add(case.place, codes.MISFIT, f"which partitions of {model.name} are built is not said", example)
        return
    start, end = interval.start, interval.end
    floor = calendar.grain.floor
    if start >= end or floor(start) != start or floor(end) != end:
        first = floor(start)
        advice = f"they begin at {_text(calendar, first)} and {_text(calendar, calendar.next(first))}, for example"
        report.add(interval.place, codes.MISFIT, f"the interval is no whole {calendar.grain}s of {model.name}", advice)
    elif not model.one_by_one:
        yield start, end
    else:
        yield from ((each, calendar.next(each)) for each in calendar.grain.range(start, end))


def _text(calendar: Calendar, moment: datetime) -> str:
    """As an interval is written."""
    return moment.isoformat()[: max(len("2013-01-01"), calendar.grain.id_length)]


def _given(
    case: Case, model: CompiledModel, graph: Graph, report: Report, ask: Callable[..., Sequence[Values]]
) -> Iterator[Given]:
    """Every table that the model reads, with the rows that the test gives."""
    read = dict.fromkeys(edge.table for edge in model.inputs)
    written: dict[TableName, RowsWritten] = {}
    for name, rows in case.given.items():
        table = TableName.parse(name)
        if table is None or table not in read:
            advice = did_you_mean(name, map(str, read)) or f"it reads {', '.join(map(str, read)) or 'no tables'}"
            report.add(name.place, codes.MISFIT, f"{model.name} does not read {name}", advice)
        else:
            written[table] = rows
    for table in read:
        columns, pseudo = columns_of(graph, table, model)
        types = {each.name: each.type for each in (*columns, *pseudo)}
        given = ask(written[table], types, str(table), partial=False) if table in written else ()
        yield Given(table, columns, pseudo, tuple(given))


def columns_of(
    graph: Graph, table: TableName, model: CompiledModel
) -> tuple[tuple[OutputColumn, ...], tuple[OutputColumn, ...]]:
    """The columns, and the pseudo-columns, of a table that a model reads."""
    if table == model.name:
        return model.columns, ()
    if table in graph.models:
        return graph.models[table].columns, ()
    source = graph.sources[table]
    own, pseudo = (
        tuple(OutputColumn(str(each.name), each.type) for each in columns)
        for columns in (source.columns, source.pseudo_columns)
    )
    return own, pseudo


def _rows(
    query: Callable[..., Answer],
    report: Report,
    written: RowsWritten,
    types: Mapping[str, str],
    table: str,
    *,
    partial: bool,
) -> Sequence[Values]:
    """Typed rows; one that holds a mistake is empty, and the mistake is in the report."""
    if written.sql is not None:
        return queried(query, report, written.sql, types, table)
    folded = {name.casefold(): name for name in types}
    unknown: set[str] = set()
    rows = []
    for record in written.records:
        row: Values = {}
        for key, node in record.entries:
            name = folded.get(key.text.casefold())
            if name is None:
                if key.text not in unknown:  # once, not in each row
                    advice = did_you_mean(key.text, types) or f"its columns: {', '.join(types)}"
                    report.add(key.place, codes.MISFIT, f"{table} has no column {key.text}", advice)
                unknown.add(key.text)
                continue
            value = reader(types[name], partial=partial)(node, report)
            if not isinstance(value, Invalid):
                row[name] = value
        rows.append(row)
    return rows
