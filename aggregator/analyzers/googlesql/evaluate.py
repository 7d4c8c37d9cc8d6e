"""Queries to rows, in the process that holds the analyzer: its module has Google's reference engine, too.

The engine finds the rows of a table only where a query names it in one pair of backticks, so its other names are
replaced, at the places that the resolved query tells. What the engine lacks it says when it is asked; what it would get
wrong is refused before.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf import empty_pb2
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.public import function_pb2 as public_function_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public_options_pb2

from aggregator.analyzers.googlesql import sessions
from aggregator.analyzers.googlesql.client import Refused, Trapped
from aggregator.analyzers.googlesql.judge import Judge, output_columns, refused
from aggregator.analyzers.googlesql.language import options, with_system_variables
from aggregator.analyzers.googlesql.names import Split, joined, places
from aggregator.analyzers.googlesql.reads import Node, concrete, inherited, walk
from aggregator.analyzers.googlesql.tables import Answer, Parameter, Question, Row, Rows, Table, Unchecked
from aggregator.analyzers.googlesql.types import parsed
from aggregator.analyzers.googlesql.values import (
    LackingError,
    NullElementError,
    UnfitError,
    decoded,
    encoded,
    row,
)
from aggregator.analyzers.protocol import Field, Mistake, Statement

_STATUS = re.compile(r"Code: (\d+), Message: (.*)", re.DOTALL)
_OF_VALUES = 11
"""The code of a status that says something of the values: what BigQuery would say, too."""

_NO_FUNCTION = re.compile(r"Unsupported built-in function: (\S+)|User-defined function (\S+) has no evaluator")
_OF_ITS_OWN = re.compile(r"collation|more than \d+ elements|max allowed output size", re.IGNORECASE)
"""In a message about values: limits that the engine has, and BigQuery does not, or not there."""

_NO_ELEMENTS = {"format": re.compile("%[klP]"), "parse": re.compile("%F")}
"""Elements that Google's code leaves to the C library, and that of the module does not know: it writes nothing."""

_NAMES_OF_MORE = (sessions.NAME.upper(), "INFORMATION_SCHEMA")
"""What puts into a catalog more than its tables and functions."""

_BY = {"MAX_BY": "ANY_VALUE(x HAVING MAX y)", "MIN_BY": "ANY_VALUE(x HAVING MIN y)"}
"""Aggregates that BigQuery documents as other words for these."""


class Evaluator:
    """The engine of a judge's analyzer."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._functions: tuple[int, int] | None = None
        self._kept: tuple[Question, int, int] | None = None

    def evaluate(self, question: Question) -> Answer:
        """The rows of a query, and why there are none."""
        try:
            if not question.tables and not question.routines and sessions.NAME not in question.sql.upper():
                return self._answer(question, self.functions())
            return self._answer(question, self._catalog(question))
        except UnfitError as error:
            return Mistake(str(error))
        except LackingError as error:
            return _lacking(str(error))
        except Refused as error:
            return _without_place(_refused(Split(question.sql), error))
        except Trapped as error:
            return Unchecked(str(error))

    def _catalog(self, question: Question) -> int:
        """The number of a catalog that holds the tables; the next question is often about the same rows."""
        if self._kept is not None and self._kept[1] == self.judge.generation:
            before, _, number = self._kept
            if _has_same_catalog(before, question):
                return number
            self._kept = None
            self.judge.call("UnregisterCatalog", service.UnregisterRequest(registered_id=number), empty_pb2.Empty)
        number = self._register(question)
        self._kept = question, self.judge.generation, number
        return number

    def functions(self) -> int:
        """The number of a catalog with nothing but BigQuery's functions, which is registered once."""
        if self._functions is None or self._functions[0] != self.judge.generation:
            number = self._register(Question(""))
            self._functions = self.judge.generation, number
        return self._functions[1]

    def _register(self, question: Question) -> int:
        """Make known the tables with their rows, and the functions; the number of the catalog that holds them."""
        relations = tuple(table.relation for table in question.tables)
        names = frozenset(each.name for each in relations)
        routines = tuple(self._with_flat_names(each, names) for each in question.routines)
        root = self.judge.own_catalog(Statement("", question.sql, relations, routines=routines))
        for function in root.custom_function:
            if function.name_path[0] in _BY:
                _give_body(function, _BY[function.name_path[0]])
        request = service.RegisterCatalogRequest(simple_catalog=root)
        for table in question.tables:
            _fill(request.table_content[table.relation.name].table_data, table)
        number: int = self.judge.call("RegisterCatalog", request, service.RegisterResponse).registered_id
        return number

    def _with_flat_names(self, routine: str, names: frozenset[str]) -> str:
        """A routine that finds the rows of the tables that it reads."""
        tree = self.judge.parsed(routine)
        return joined(routine, tree, places(tree, names))

    def _answer(self, question: Question, catalog_number: int) -> Answer:
        how = options((Field(each.name, each.type) for each in question.parameters), prunes=False)
        how.parse_location_record_type = public_options_pb2.PARSE_LOCATION_RECORD_FULL_NODE_SCOPE
        text = self.judge.split(question.sql)
        analysis = service.AnalyzeRequest(registered_catalog_id=catalog_number, options=how, sql_statement=text.sql)
        if "@@" in text.sql:
            with_system_variables(analysis.options)
        try:
            query = concrete(self.judge.call("Analyze", analysis, service.AnalyzeResponse).resolved_statement)
        except Refused as error:
            return _refused(text, error)
        if query.DESCRIPTOR.name != "ResolvedQueryStmtProto":
            return Unchecked("the reference engine computes queries, and no other statements")
        absent = next(_absent(query), None)
        if absent is not None:
            return _lacking(absent)
        request = service.EvaluateQueryRequest(registered_catalog_id=catalog_number, options=how, sql=text.sql)
        named = _tables(text.sql, query)
        if named:
            request.sql = joined(text.sql, self.judge.parsed(text.sql), named)
        return self._computed(request, question.parameters, query)

    def _computed(self, request: Any, parameters: Iterable[Parameter], query: Node) -> Answer:
        try:
            for each in parameters:
                request.params.add(name=each.name).value.CopyFrom(encoded(each.value, parsed(each.type)))
            found = self.judge.call("EvaluateQuery", request, service.EvaluateQueryResponse)
            return _rows(query, found.content.table_data)
        except UnfitError as error:
            return Mistake(f"a parameter can't be used: {error}")
        except LackingError as error:
            return _lacking(str(error))
        except Refused as error:
            return _failure(str(error))


def _has_same_catalog(one: Question, other: Question) -> bool:
    """Whether both are about the same tables; the very same rows, since equal ones may differ: ``0.0`` and ``-0.0``."""
    return (
        len(one.tables) == len(other.tables)
        and all(
            mine.relation == theirs.relation and mine.rows is theirs.rows
            for mine, theirs in zip(one.tables, other.tables, strict=True)
        )
        and tuple(one.routines) == tuple(other.routines)
        and not any(word in each.sql.upper() for each in (one, other) for word in _NAMES_OF_MORE)
    )


def _fill(content: Any, table: Table) -> None:
    """Put the rows of a table where the engine takes them. Raises :class:`UnfitError`, which says which row."""
    content.SetInParent()
    fields = (*table.relation.columns, *table.relation.pseudo)
    names, types = [each.name for each in fields], [parsed(each.type) for each in fields]
    for number, values in enumerate(table.rows, start=1):
        content.row.add().cell.extend(_cells(f"{table.relation.name}, row {number}", values, names, types))


def _cells(place: str, values: Row, names: Sequence[str], types: Sequence[Any]) -> list[Any]:
    try:
        return row(values, names, types)
    except UnfitError as error:
        raise UnfitError(f"{place}: {error}") from None


def _give_body(function: Any, body: str) -> None:
    """Make a function of two arguments other words for an expression of ``x`` and ``y``."""
    function.group = "Templated_SQL_Function"
    function.parse_resume_location.input = body
    function.parse_resume_location.byte_position = 0
    function.templated_sql_function_argument_name.extend("xy")
    for argument in (function.signature[0].return_type, *function.signature[0].argument):
        argument.kind = public_function_pb2.ARG_TYPE_ARBITRARY


def _absent(query: Node) -> Iterator[str]:
    """What the engine would compute, but not as BigQuery does."""
    for node in walk(query):
        name = node.DESCRIPTOR.name
        if name == "ResolvedSampleScanProto":
            yield "TABLESAMPLE"
        elif name == "ResolvedSystemVariableProto":
            yield f"@@{'.'.join(node.name_path)}"
        elif name == "ResolvedFunctionCallBaseProto":
            yield from _absent_of_call(node)


def _absent_of_call(call: Node) -> Iterator[str]:
    name = call.function.name.partition(":")[2]
    if name == "collate":
        yield "COLLATE"
    elements = _NO_ELEMENTS.get(name.partition("_")[0])
    if elements is None:
        return
    for each in map(concrete, call.argument_list):
        text = each.value.value.string_value if each.DESCRIPTOR.name == "ResolvedLiteralProto" else ""
        yield from (f"format element {found}" for found in elements.findall(text))


def _tables(sql: str, query: Node) -> set[tuple[int, int]]:
    """Where, in bytes, the text names a table."""
    text, found = sql.encode(), set()
    for node in walk(query):
        if node.DESCRIPTOR.name == "ResolvedTableScanProto":
            place = inherited(node, "parse_location_range")
            written = text[place.start : place.end].decode(errors="replace")
            if written.replace("`", "") == node.table.full_name:  # else it is in the body of a function
                found.add((place.start, place.end))
    return found


def _rows(query: Node, content: Any) -> Answer:
    columns = output_columns(query)
    types = [each.column.type for each in query.output_column_list]
    values = []
    for each in content.row:
        cells = []
        for column, cell, type_ in zip(columns, each.cell, types, strict=True):
            try:
                cells.append(decoded(cell, type_))
            except NullElementError:
                return Mistake(f"Array cannot have a null element; error in writing field {column.name}")
        values.append(tuple(cells))
    return Rows(columns, tuple(values), bool(inherited(concrete(query.query), "is_ordered")))


def _without_place(answer: Mistake | Unchecked) -> Mistake | Unchecked:
    """The same of a routine: its place is none in the query."""
    return dataclasses.replace(answer, start=None) if isinstance(answer, Mistake) else answer


def _refused(text: Split, error: Refused) -> Mistake | Unchecked:
    verdict = refused(text, error)
    return verdict.mistake if verdict.mistake is not None else Unchecked(verdict.unchecked)


def _failure(said: str) -> Mistake | Unchecked:
    """What to make of a query that is right and yet not computed."""
    status = _STATUS.fullmatch(said)
    code, message = (int(status[1]), status[2]) if status else (0, said)
    function = _NO_FUNCTION.search(message)
    if function:
        return _lacking((function[1] or function[2]).upper())
    if code == _OF_VALUES and not _OF_ITS_OWN.search(message):
        return Mistake(message)
    return Unchecked(f"the reference engine can't compute this: {message}")


def _lacking(what: str) -> Unchecked:
    return Unchecked(f"the reference engine has no {what}", what)
