"""Queries to rows, in the process that holds the analyzer: its module has Google's reference engine, too.

The engine finds the rows of a table only where a query names it in one pair of backticks, so its other names are
replaced, at the places that the resolved query tells. What the engine lacks it says when it is asked; what it would get
wrong is refused before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf import empty_pb2
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.public import function_pb2 as public_function_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public_options_pb2

from aggregator.analyzers.googlesql.catalog import Folder, catalog
from aggregator.analyzers.googlesql.client import Refused, Trapped
from aggregator.analyzers.googlesql.judge import Judge, output_columns, refused
from aggregator.analyzers.googlesql.language import options, with_system_variables
from aggregator.analyzers.googlesql.names import Split, joined
from aggregator.analyzers.googlesql.reads import Node, concrete, inherited, walk
from aggregator.analyzers.googlesql.routines import add_routines
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
from aggregator.analyzers.protocol import Field, Mistake

_STATUS = re.compile(r"Code: (\d+), Message: (.*)", re.DOTALL)
_OF_VALUES = 11
"""The code of a status that says something of the values: what BigQuery would say, too."""

_NO_FUNCTION = re.compile(r"Unsupported built-in function: (\S+)|User-defined function (\S+) has no evaluator")
_OF_ITS_OWN = re.compile(r"collation|more than \d+ elements|max allowed output size", re.IGNORECASE)
"""In a message about values: limits that the engine has, and BigQuery does not, or not there."""

_STUBS = frozenset({"RANGE_SESSIONIZE"})
"""Table functions that are known by their columns alone."""

_BY = {"MAX_BY": "ANY_VALUE(x HAVING MAX y)", "MIN_BY": "ANY_VALUE(x HAVING MIN y)"}
"""Aggregates that BigQuery documents as other words for these."""


class Evaluator:
    """The engine of a judge's analyzer."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def evaluate(self, question: Question) -> Answer:
        """The rows of a query, and why there are none."""
        try:
            request = service.RegisterCatalogRequest(simple_catalog=self._catalog(question))
            for table in question.tables:
                name = table.relation.name
                _fill(request.table_content[name].table_data, table)
            number = self._judge.call("RegisterCatalog", request, service.RegisterResponse).registered_id
        except UnfitError as error:
            return Mistake(str(error))
        except LackingError as error:
            return _lacking(str(error))
        except Refused as error:
            return _refused(Split(question.sql), error)
        except Trapped as error:
            return Unchecked(str(error))
        try:
            answer = self._answer(question, number)
            self._judge.call("UnregisterCatalog", service.UnregisterRequest(registered_id=number), empty_pb2.Empty)
        except Trapped as error:
            return Unchecked(str(error))
        return answer

    def _catalog(self, question: Question) -> Folder:
        root = catalog(table.relation for table in question.tables)
        add_routines(root, question.routines, self._judge.analysed)
        for function in root.custom_function:
            if function.name_path[0] in _BY:
                _give_body(function, _BY[function.name_path[0]])
        return root

    def _answer(self, question: Question, catalog_number: int) -> Answer:
        how = options((Field(each.name, each.type) for each in question.parameters), prunes=False)
        how.parse_location_record_type = public_options_pb2.PARSE_LOCATION_RECORD_FULL_NODE_SCOPE
        text = self._judge.split(question.sql)
        analysis = service.AnalyzeRequest(registered_catalog_id=catalog_number, options=how, sql_statement=text.sql)
        if "@@" in text.sql:
            with_system_variables(analysis.options)
        try:
            query = concrete(self._judge.call("Analyze", analysis, service.AnalyzeResponse).resolved_statement)
        except Refused as error:
            return _refused(text, error)
        if query.DESCRIPTOR.name != "ResolvedQueryStmtProto":
            return Unchecked("the reference engine computes queries, and no other statements")
        absent = next(_absent(query), None)
        if absent is not None:
            return _lacking(absent)
        request = service.EvaluateQueryRequest(registered_catalog_id=catalog_number, options=how, sql=text.sql)
        places = _tables(text.sql, query)
        if places:
            request.sql = joined(text.sql, self._judge.parsed(text.sql), places)
        return self._computed(request, question.parameters, query)

    def _computed(self, request: Any, parameters: Iterable[Parameter], query: Node) -> Answer:
        try:
            for each in parameters:
                request.params.add(name=each.name).value.CopyFrom(encoded(each.value, parsed(each.type)))
            found = self._judge.call("EvaluateQuery", request, service.EvaluateQueryResponse)
            return _rows(query, found.content.table_data)
        except UnfitError as error:
            return Mistake(f"a parameter can't be used: {error}")
        except LackingError as error:
            return _lacking(str(error))
        except Refused as error:
            return _failure(str(error))


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
        elif name == "ResolvedTVFScanProto" and node.tvf.name.upper() in _STUBS:
            yield node.tvf.name.upper()
        elif name == "ResolvedFunctionCallBaseProto" and node.function.name.endswith(":collate"):
            yield "COLLATE"


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
    return Unchecked(f"the reference engine has no {what}")
