"""Statements over a warehouse, resolved and computed by the product's own modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.public import function_pb2, type_pb2

from aggregator.analyzers.googlesql.catalog import Folder, catalog, folder, spellings
from aggregator.analyzers.googlesql.client import Refused, Trapped
from aggregator.analyzers.googlesql.evaluate import Evaluator
from aggregator.analyzers.googlesql.language import language, options, with_system_variables
from aggregator.analyzers.googlesql.reads import Node, concrete, inherited, reads_of, walk
from aggregator.analyzers.googlesql.tables import Answer, Parameter, Question, Rows, Table, Unchecked
from aggregator.analyzers.googlesql.types import parsed, text_of
from aggregator.analyzers.protocol import Field, Mistake, Statement

from .corpus import Given
from .warehouse import Stored, Warehouse, whole_rows

BUILT_IN_PROCEDURES = {
    "BQ.REFRESH_MATERIALIZED_VIEW": ("STRING",),
    "BQ.JOBS.CANCEL": ("STRING",),
    "BQ.ABORT_SESSION": ("STRING",),
}


class RefusedError(Exception):
    """What BigQuery would refuse, or what the analyzer can't judge."""


class Analyst:
    """Resolves and computes statements over a warehouse. Variables of scripts are by scope, the innermost last."""

    def __init__(self, evaluator: Evaluator, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.scopes: list[dict[str, type_pb2.TypeProto]] = [{}]
        self.parameters: tuple[Given, ...] = ()
        self.complaint = ""
        self._shared: tuple[tuple[int, object], int] | None = None
        self._known_paths: dict[str, frozenset[str]] = {}
        self._judge = evaluator.judge
        self._evaluator = evaluator

    def script(self, sql: str) -> list[Node]:
        """The statements of a script, parsed."""
        request = service.ParseRequest(options=language(), sql_statement=sql, allow_script=True)
        parsed_script = self._call("Parse", request, service.ParseResponse).parsed_script
        return [concrete(each) for each in parsed_script.statement_list_node.statement_list]

    def parsed(self, sql: str) -> Node:
        """A statement, parsed."""
        try:
            return self._judge.parsed(sql)
        except (Refused, Trapped) as error:
            raise RefusedError(str(error)) from None

    def resolved(self, sql: str) -> Node:
        """A statement, resolved. Raises :class:`RefusedError`."""
        named = [each for each in self.parameters if each.name]
        how = options(
            (Field(each.name, each.type) for each in named),
            positional=[each.type for each in self.parameters if not each.name],
        )
        if "@@" in sql:
            with_system_variables(how)
        try:
            text = self._judge.split(sql).sql
        except Trapped as error:
            raise RefusedError(str(error)) from None
        request = service.AnalyzeRequest(options=how, sql_statement=text)
        if self._needs_own_catalog(text):
            request.simple_catalog.CopyFrom(self._catalog(text))
        else:
            request.registered_catalog_id = self._shared_catalog(text)
        return concrete(self._call("Analyze", request, service.AnalyzeResponse).resolved_statement)

    def expression(self, sql: str) -> type_pb2.TypeProto:
        """The type of an expression."""
        return self.resolved(f"SELECT {sql}").output_column_list[0].column.type

    def type_named(self, sql: str) -> type_pb2.TypeProto:
        """The type that a text names."""
        return self.expression(f"CAST(NULL AS {sql})")

    def reads(self, resolved: Node, sql: str) -> Mapping[str, tuple[str, ...]] | None:
        """The columns that a resolved query reads of each table, by the name that is written."""
        return self._judge.by_table(reads_of(resolved), self._statement(sql))

    def evaluated(self, sql: str) -> Answer:
        """What the reference engine makes of a query."""
        if any(self.scopes) or any(not each.name for each in self.parameters):
            return Unchecked("variables and parameters by position have no values here")
        tables = []
        for written, stored in self.tables(sql).items():
            rows = self.content(stored)
            if rows is None:
                return Unchecked(f"the rows of {written} are not known: {self.complaint}")
            tables.append(Table(stored.relation(written), rows))
        named = [Parameter(each.name, each.type, each.value) for each in self.parameters]
        routines = tuple(self.warehouse.routines.values())
        return self._evaluator.evaluate(Question(sql, tables, named, routines))

    def rows(self, sql: str) -> tuple[tuple[Any, ...], ...] | None:
        """The rows of a query; None, and a complaint, where they can't be told."""
        answer = self.evaluated(sql)
        if isinstance(answer, Rows):
            return answer.values
        self.complaint = answer.message if isinstance(answer, Mistake) else answer.reason
        return None

    def content(self, stored: Stored) -> list[tuple[Any, ...]] | None:
        """The rows of a table or view."""
        if stored.view:
            rows = self.rows(stored.view)
            return None if rows is None else list(rows)
        return whole_rows(stored)

    def _call(self, method: str, request: Any, response: Any) -> Any:
        try:
            return self._judge.call(method, request, response)
        except (Refused, Trapped) as error:
            raise RefusedError(str(error)) from None

    def _needs_own_catalog(self, sql: str) -> bool:
        """Whether there is more than tables and BigQuery's functions that a statement may name."""
        ours = self.warehouse.routines or self.warehouse.procedures or any(self.scopes)
        return bool(ours) or any(word in sql.upper() for word in ("CALL", "INFORMATION_SCHEMA", "RANGE_SESSIONIZE"))

    def _shared_catalog(self, sql: str) -> int:
        """The number of a catalog with the tables of a statement; the next one often names the same."""
        relations = self._statement(sql).tables
        if not relations:
            return self._evaluator.functions()
        key = self._judge.generation, relations
        if self._shared is None or self._shared[0] != key:
            self.forget()
            request = service.RegisterCatalogRequest(simple_catalog=catalog(relations))
            self._shared = key, self._call("RegisterCatalog", request, service.RegisterResponse).registered_id
        return self._shared[1]

    def forget(self) -> None:
        """Let go of what is registered."""
        if self._shared is not None and self._shared[0][0] == self._judge.generation:
            request = service.UnregisterRequest(registered_id=self._shared[1])
            self._call("UnregisterCatalog", request, empty_pb2.Empty)
        self._shared = None

    def _catalog(self, sql: str) -> Folder:
        try:
            root = self._judge.own_catalog(self._statement(sql))
        except (Refused, Trapped) as error:
            raise RefusedError(str(error)) from None
        for name, procedure in self.warehouse.procedures.items():
            _add_procedure(root, name, procedure.signature)
        for name, types in BUILT_IN_PROCEDURES.items():
            *folders, last = name.split(".")
            added = folder(root, folders).procedure.add(name_path=[last])
            _fix(added.signature.return_type, parsed("INT64"))
            for type_ in types:
                _fix(added.signature.argument.add(), parsed(type_))
        for name, type_ in self._variables().items():
            root.constant.add(name_path=[name]).type.CopyFrom(type_)
        return root

    def _statement(self, sql: str) -> Statement:
        tables = tuple(
            stored.relation(written) for written, stored in self.tables(sql).items() if stored.kind != "SYSTEM"
        )
        return Statement("", sql, tables, routines=tuple(self.warehouse.routines.values()))

    def _variables(self) -> Mapping[str, type_pb2.TypeProto]:
        found: dict[str, tuple[str, type_pb2.TypeProto]] = {}
        for scope in self.scopes:
            for name, type_ in scope.items():
                found[name.casefold()] = name, type_
        return dict(found.values())

    def tables(self, sql: str) -> dict[str, Stored]:
        """The tables that a statement, or a routine, names, as they are written."""
        found = {}
        for text in (sql, *self.warehouse.routines.values()):
            for written in self._paths(text):
                stored = self.warehouse.lookup(written)
                if stored is not None:
                    found[written] = stored
        return found

    def _paths(self, sql: str) -> frozenset[str]:
        """All names in a statement, of tables or not."""
        if sql not in self._known_paths:
            tree = walk(self.parsed(sql))
            paths = (node for node in tree if node.DESCRIPTOR.name == "ASTPathExpressionProto")
            self._known_paths[sql] = frozenset(".".join(each.id_string for each in path.names) for path in paths)
        return self._known_paths[sql]


def text_at(sql: str, node: Node) -> str:
    """What a node of the syntax tree was parsed from."""
    place = inherited(concrete(node), "parse_location_range")
    return sql.encode()[place.start : place.end].decode()


def row_type(resolved: Node) -> type_pb2.TypeProto:
    """The type of a row of a query, as a variable holds it."""
    fields = (f"`{each.name}` {text_of(each.column.type)}" for each in resolved.output_column_list)
    return parsed(f"STRUCT<{', '.join(fields)}>")


def _add_procedure(root: Folder, name: str, signature: Any) -> None:
    for *folders, last in spellings(name):
        added = folder(root, folders).procedure.add(name_path=[last])
        added.signature.CopyFrom(signature)
        _fix(added.signature.return_type, parsed("INT64"))  # without a type, the analyzer ends
        for argument in added.signature.argument:
            argument.num_occurrences = 1


def _fix(argument: Any, type_: type_pb2.TypeProto) -> None:
    argument.Clear()
    argument.kind, argument.num_occurrences = function_pb2.ARG_TYPE_FIXED, 1
    argument.type.CopyFrom(type_)
