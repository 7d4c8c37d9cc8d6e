"""A first test of a model, from a few rows that its inputs have in the warehouse."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot

from aggregator.analyzers.googlesql.tables import Rows
from aggregator.analyzers.protocol import Mistake
from aggregator.core.calendar import Calendar
from aggregator.core.diagnostics import Document
from aggregator.core.graph import CompiledModel, Graph, OutputColumn
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.engines.protocol import Engine, QueryError
from aggregator.load.cases import FOLDER, read_case
from aggregator.load.report import Report
from aggregator.plan.maps import bounds
from aggregator.unit_tests.bind import Values, bind
from aggregator.unit_tests.engines import Computer, answer, as_values
from aggregator.unit_tests.update import with_expected
from aggregator.unit_tests.written import in_order, row_lines

if TYPE_CHECKING:
    from aggregator.core.maps import PartitionMap

ROWS = 6
"""Of each table that is read."""

_PAIRED = ("STRING", "INT64", "DATE", "TIMESTAMP", "DATETIME")
"""Types of columns by which rows of two tables are taken to belong together, if they have the same name."""


@dataclasses.dataclass(frozen=True)
class Draft:
    """A new test, for a file of the project."""

    path: str
    text: str


def draft(graph: Graph, engine: Engine, computer: Computer, name: TableName, partition: str) -> Draft | str:
    """A test of one partition that passes, or why there is none. Raises :class:`QueryError`."""
    model = graph.models[name]
    lines = ["# Rows of the warehouse, and what the model makes of them. Say here what the test is about."]
    if model.calendar is not None:
        first = model.calendar.parse(partition)
        start, end = (_moment(model.calendar, each) for each in (first, model.calendar.next(first)))
        lines.append(f"interval: {{from: {start}, to: {end}}}")
    lines.append("given:")
    for table, rows in _sampled(graph, engine, model, partition).items():
        lines += [f"  {table}:", *row_lines(rows, 4)] if rows else [f"  {table}: []"]
    path = f"{FOLDER}/{name.dataset}/{name.table}/{_file_name(partition)}.yml"
    document = Document(path, "\n".join((*lines, "expect: []")) + "\n")
    report = Report()
    case = read_case(graph.project.root, document, report)
    bound = bind(case, graph, report) if case is not None else None
    if bound is None:
        return "; ".join(f"{each.message} ({each.help})" for each in report.diagnostics)
    found = answer(computer, bound)
    if not isinstance(found, Rows):
        why = found.message if isinstance(found, Mistake) else found.reason
        return f"its query could not be run over these rows: {why}"
    hidden = {each.state_of for each in model.columns if each.sketch}  # made of sketches, which were not given
    columns = [each.name for each in model.columns if not each.state_of and each.name not in hidden]
    expected = [{column: row.get(column) for column in columns} for row in as_values(found)]
    return Draft(path, with_expected(document, in_order(expected, model.model.key)) or document.text)


def _file_name(partition: str) -> str:
    return f"rows_of_{partition.replace('-', '_').replace('T', '_')}" if partition else "some_rows"


def _moment(calendar: Calendar, moment: dt.datetime) -> str:
    return moment.isoformat()[: max(len("2013-01-01"), calendar.grain.id_length)]


def _sampled(graph: Graph, engine: Engine, model: CompiledModel, partition: str) -> dict[TableName, list[Values]]:
    """A few rows of each input; those of later tables go with those of the first, where they share columns."""
    found: dict[TableName, list[Values]] = {}
    main: list[Values] = []
    edges = {each.table: each for each in model.inputs}
    names = Counter(each.name for table in edges for each in _columns(graph, table))
    words = _words(model.sql)
    for edge in edges.values():
        columns = [each for each in _columns(graph, edge.table) if not words or each.name.casefold() in words]
        calendar = graph.calendars[edge.table]
        if calendar is not None and calendar.column not in [each.name for each in columns]:
            columns = [each for each in _columns(graph, edge.table) if each.name == calendar.column] + columns
        conditions, parameters = _of_partition(model, calendar, edge.map, partition)
        conditions += _of_rows(columns, main)
        shared = [f"`{each.name}` IS NULL" for each in columns if names[each.name] > 1 and each.type in _PAIRED]
        order = [*shared, *(f"`{name}`" for name in model.model.key if name in [each.name for each in columns])]
        rows = _rows(engine, edge.table, columns, (conditions, parameters, order))
        found[edge.table] = rows
        main = main or rows
    return found


def _columns(graph: Graph, table: TableName) -> list[OutputColumn]:
    """The columns of a table of which values can be written; a sketch means nothing to a reader."""
    if table in graph.models:
        return [each for each in graph.models[table].columns if not each.sketch and each.type]
    return [OutputColumn(str(each.name), each.type) for each in graph.sources[table].columns]


def _words(sql: str) -> set[str]:
    """All names in a query; none where a star means every column."""
    tokens = sqlglot.tokenize(sql, read="bigquery")
    stars = (index for index, token in enumerate(tokens) if token.text == "*")
    if any(tokens[index - 1].text.casefold() in ("select", ".", "distinct") for index in stars if index):
        return set()
    return {part.casefold() for token in tokens for part in token.text.split(".")}


def _of_partition(
    model: CompiledModel, calendar: Calendar | None, map_: PartitionMap, partition: str
) -> tuple[list[str], dict[str, dt.date | dt.datetime]]:
    """The condition that a row of an input is read for a partition."""
    if calendar is None or model.calendar is None or map_.reach is Reach.ALL or calendar.suffix:
        return [], {}
    start, end = bounds(map_, model.calendar, model.calendar.parse(partition))
    if model.calendar.wall != calendar.wall:
        start, end = (calendar.local(model.calendar.instant(each)) for each in (start, end))
    column = calendar.column
    return [f"`{column}` >= @start", f"`{column}` < @end"], {"start": calendar.value(start), "end": calendar.value(end)}


def _of_rows(columns: Sequence[OutputColumn], main: Sequence[Values]) -> list[str]:
    """The conditions that a row has values in common with rows of another table."""
    found = []
    for each in columns:
        values = {_literal(row[each.name]) for row in main if row.get(each.name) is not None}
        if each.type in _PAIRED and values:
            found.append(f"`{each.name}` IN ({', '.join(sorted(values))})")
    return found


def _literal(value: Any) -> str:
    match value:
        case dt.datetime() if value.tzinfo is not None:
            return f"TIMESTAMP '{value.astimezone(dt.UTC).replace(tzinfo=None)}+00:00'"
        case dt.datetime():
            return f"DATETIME '{value}'"
        case dt.date():
            return f"DATE '{value}'"
        case str():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def _rows(
    engine: Engine,
    table: TableName,
    columns: Sequence[OutputColumn],
    which: tuple[Sequence[str], Mapping[str, dt.date | dt.datetime], Sequence[str]],
) -> list[Values]:
    conditions, parameters, order = which
    names = ", ".join(f"`{each.name}`" for each in columns)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    by = ", ".join(dict.fromkeys((*order, *(f"`{each.name}`" for each in columns if each.type in _PAIRED))))
    inner = f"SELECT {names} FROM `{table.dataset}.{table.table}` {where} {f'ORDER BY {by}' if by else ''} LIMIT {ROWS}"
    (found,) = engine.ask(f"SELECT ARRAY_AGG(STRUCT({names})) FROM ({inner})", parameters)
    if found is not None and not isinstance(found, list):
        raise QueryError(f"the rows of {table} can't be read")
    return list(_named(found or (), [each.name for each in columns]))


def _named(found: Sequence[Any], names: Sequence[str]) -> Iterator[Values]:
    """Rows, under the names that the project has for their columns."""
    for row in found:
        folded = {name.casefold(): value for name, value in row.items()}
        yield {name: folded.get(name.casefold()) for name in names}


def target(root: Path, found: Draft) -> Path:
    """Where a draft goes: beside the tests that are there."""
    path = root / found.path
    number = 2
    while path.exists():
        path = path.with_stem(f"{Path(found.path).stem}_{number}")
        number += 1
    return path
