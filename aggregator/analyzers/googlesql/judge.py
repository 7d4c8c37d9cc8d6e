"""Statements to verdicts, in the process that holds the analyzer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from google.protobuf import empty_pb2
from google.protobuf.message import Message
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service

from aggregator.analyzers.googlesql import sessions
from aggregator.analyzers.googlesql.catalog import Folder, add_table, catalog, information_schema
from aggregator.analyzers.googlesql.client import Instance, Refused, Source, Trapped
from aggregator.analyzers.googlesql.language import language, options, with_system_variables
from aggregator.analyzers.googlesql.learned import add_learned, as_written, stands_for_model, with_functions
from aggregator.analyzers.googlesql.messages import refusal
from aggregator.analyzers.googlesql.names import Split, may_be_dotted, split
from aggregator.analyzers.googlesql.reads import Node, Reads, concrete, reads_of
from aggregator.analyzers.googlesql.restrictions import broken_restriction, declared_names
from aggregator.analyzers.googlesql.routines import Undefined, add_routines, body
from aggregator.analyzers.googlesql.types import text_of
from aggregator.analyzers.protocol import Field, Mistake, Relation, Statement, Verdict

R = TypeVar("R", bound=Message)

_OWN = ("information_schema", sessions.NAME.casefold())
"""Words of what is made anew for each statement that has them."""

_MOST_TREES = 8
"""Syntax trees that are kept: who asks for one asks again while the statement is at hand."""

_SYSTEM_VARIABLE = "@@"


class Judge:
    """An analyzer that can be asked again and again; after a breakdown it begins anew."""

    def __init__(self, instances: Source) -> None:
        self._instances = instances
        self._instance: Instance | None = None
        self._registered: tuple[tuple[Relation, ...], int] | None = None
        self._trees: dict[str, Node] = {}
        self.generation = 0
        """How many instances broke down; what had been registered is gone with them."""

    def verdicts(self, statements: Sequence[Statement]) -> list[Verdict]:
        """A verdict for each statement. Those that agree about the tables share a catalog."""
        found: dict[int, Verdict] = {}
        for group in _agreeing(statements):
            together = [statements[index] for index in group]
            tables = _all_tables(together)
            for index, statement in zip(group, together, strict=True):
                found[index] = self._verdict(statement, tables)
        return [found[index] for index in range(len(statements))]

    def call(self, method: str, request: Message, response: type[R]) -> R:
        """Call the analyzer; after a breakdown the next call finds a new one."""
        if self._instance is None:
            self._instance = self._instances.take()
        try:
            return self._instance.call(method, request, response)
        except Trapped:
            self._instance = self._registered = None
            self.generation += 1
            raise

    def analysed(self, statement: Statement, root: Folder) -> Node:
        """A statement, resolved over a catalog. Raises :class:`Refused` or :class:`Trapped`."""
        return self._analysed(statement, service.AnalyzeRequest(simple_catalog=root))

    def _analysed(self, statement: Statement, request: service.AnalyzeRequest, *, with_places: bool = False) -> Node:
        """A statement, resolved; ``request`` has the catalog."""
        how = options(statement.parameters, with_places=with_places)
        if _SYSTEM_VARIABLE in statement.sql:
            with_system_variables(how)
        request.options.CopyFrom(how)
        request.sql_statement = statement.sql
        return concrete(self.call("Analyze", request, service.AnalyzeResponse).resolved_statement)

    def split(self, sql: str) -> Split:
        """A statement in which each part of a table's name has backticks of its own."""
        if may_be_dotted(sql):
            try:
                return split(sql, self.parsed(sql))
            except Refused:
                pass  # whoever analyses it hears so, too
        return Split(sql)

    def parsed(self, sql: str) -> Node:
        """The syntax tree of a statement. Raises :class:`Refused` or :class:`Trapped`."""
        if sql not in self._trees:
            request = service.ParseRequest(sql_statement=sql, options=language())
            tree = concrete(self.call("Parse", request, service.ParseResponse).parsed_statement)
            if len(self._trees) == _MOST_TREES:
                self._trees.clear()
            self._trees[sql] = tree
        return self._trees[sql]

    def _verdict(self, statement: Statement, tables: tuple[Relation, ...]) -> Verdict:
        text = Split(statement.sql)
        try:
            text = self.split(statement.sql)
            asked = self._with_functions(dataclasses.replace(statement, sql=text.sql))
            resolved = self._resolved(asked, tables)
            mistake = self._restriction(asked, resolved)
        except Undefined as error:
            return Verdict(unchecked=error.unchecked)
        except Refused as error:
            return refused(text, Refused(as_written(str(error), statement.models)))
        except Trapped as error:
            return Verdict(unchecked=str(error))
        if mistake is not None:
            return Verdict(dataclasses.replace(mistake, start=text.before(mistake.start or 0)))
        return Verdict(columns=output_columns(resolved), reads=self.by_table(reads_of(resolved), asked))

    def _with_functions(self, statement: Statement) -> Statement:
        """A statement in which functions stand for the models that it asks. Raises as :meth:`parsed`."""
        if not statement.models:
            return statement

        def written(sql: str) -> str:
            return with_functions(sql, self.parsed(sql), statement.models)

        routines = tuple(map(written, statement.routines))
        return dataclasses.replace(statement, sql=written(statement.sql), routines=routines)

    def _restriction(self, statement: Statement, resolved: Node) -> Mistake | None:
        """What BigQuery alone would refuse in a statement that the analyzer accepts."""
        return broken_restriction(
            statement.sql,
            {each.name for each in statement.tables} | declared_names(map(self.parsed, statement.routines)),
            resolved,
            parsed=lambda: self.parsed(statement.sql),
            located=lambda: self._analysed(
                statement, service.AnalyzeRequest(simple_catalog=self.own_catalog(statement)), with_places=True
            ),
        )

    def _resolved(self, statement: Statement, tables: tuple[Relation, ...]) -> Node:
        """A statement, resolved over the catalog of its group, which is registered once."""
        if statement.routines or statement.models or any(word in statement.sql.casefold() for word in _OWN):
            return self.analysed(statement, self.own_catalog(statement))
        if self._registered is None or self._registered[0] != tables:
            self._register(tables)
        assert self._registered is not None  # noqa: S101
        return self._analysed(statement, service.AnalyzeRequest(registered_catalog_id=self._registered[1]))

    def forget(self) -> None:
        """Leave nothing in the analyzer of what was asked."""
        if self._registered is not None:
            old = service.UnregisterRequest(registered_id=self._registered[1])
            self._registered = None
            self.call("UnregisterCatalog", old, empty_pb2.Empty)

    def _register(self, tables: tuple[Relation, ...]) -> None:
        self.forget()
        request = service.RegisterCatalogRequest(simple_catalog=catalog(tables))
        self._registered = tables, self.call("RegisterCatalog", request, service.RegisterResponse).registered_id

    def own_catalog(self, statement: Statement) -> Folder:
        """For a statement with functions of its own, or one that reads the warehouse's views of itself.

        Raises :class:`Refused` and :class:`Trapped`.
        """
        root = catalog(statement.tables)
        for name in self.table_names(statement.sql):
            view = information_schema(name)
            if view is not None:
                add_table(root, view)
        if sessions.NAME.casefold() in statement.sql.casefold():
            function = sessions.sessionize(statement.sql, self.parsed(statement.sql))
            root.custom_tvf.extend([function] if function is not None else [])
        add_learned(root, statement.models)
        add_routines(root, statement.routines, self.analysed)
        return root

    def by_table(self, reads: Reads, statement: Statement) -> Mapping[str, tuple[str, ...]] | None:
        """The columns that a statement reads of each table; table functions count as what they read.

        None where that can't be told.
        """
        found: dict[str, set[str]] = {}
        waiting = [reads]
        while waiting:
            each = waiting.pop()
            for scan, columns in each.scans:
                found.setdefault(scan.table.full_name, set()).update(columns)
            for call, columns in each.calls if statement.routines else ():
                inside = self._inside(call, columns, statement)
                if inside is None and call.tvf.name.upper() != sessions.NAME and not stands_for_model(call.tvf.name):
                    return None
                waiting += [inside] if inside is not None else []
        return {table: tuple(sorted(columns)) for table, columns in sorted(found.items())}

    def _inside(self, call: Node, columns: Iterable[str], statement: Statement) -> Reads | None:
        """What a call of one of the statement's own table functions reads, if that can be told."""
        try:
            root = self.own_catalog(statement)
            found = body(call, columns, (self.analysed(Statement("", each, ()), root) for each in statement.routines))
            if found is None:
                return None
            sql, arguments = found
            for name, type_ in arguments.items():
                root.constant.add(name_path=[name]).type.CopyFrom(type_)
            return reads_of(self.analysed(Statement("", sql, ()), root))
        except (Refused, Trapped):
            return None

    def table_names(self, sql: str) -> list[str]:
        """The tables that a statement names; none if it can't be parsed."""
        request = service.ExtractTableNamesFromStatementRequest(sql_statement=sql, options=language())
        try:
            found = self.call("ExtractTableNamesFromStatement", request, service.ExtractTableNamesFromStatementResponse)
        except Refused:
            return []
        return [".".join(each.table_name_segment) for each in found.table_name]


def refused(text: Split, error: Refused) -> Verdict:
    """What the analyzer said of a text, as said of the text that its author wrote."""
    verdict = refusal(text.sql, str(error))
    if verdict.mistake is None or verdict.mistake.start is None:
        return verdict
    return Verdict(dataclasses.replace(verdict.mistake, start=text.before(verdict.mistake.start)))


def output_columns(resolved: Node) -> tuple[Field, ...]:
    """The columns of a query's result, none of other statements.

    They are named as BigQuery names them: ``f0_`` without a name, ``id_1`` for a second ``id``.
    """
    if "output_column_list" not in resolved.DESCRIPTOR.fields_by_name:
        return ()
    names = _output_names(column.name for column in resolved.output_column_list)
    types = (text_of(column.column.type) for column in resolved.output_column_list)
    return tuple(map(Field, names, types))


def _output_names(names: Iterable[str]) -> Iterator[str]:
    nameless, taken = 0, set[str]()
    for name in names:
        if not name or name.startswith("$"):
            unique, nameless = f"f{nameless}_", nameless + 1
        else:
            unique, number = name, 0
            while unique.casefold() in taken:
                number += 1
                unique = f"{name}_{number}"
        taken.add(unique.casefold())
        yield unique


def _agreeing(statements: Sequence[Statement]) -> list[list[int]]:
    """Statements, by index, that mean the same columns by the same table."""
    groups: list[tuple[dict[str, Relation], list[int]]] = []
    for index, statement in enumerate(statements):
        own = {each.name: each for each in statement.tables}
        for known, members in groups:
            if all(known.get(name, each) == each for name, each in own.items()):
                known.update(own)
                members.append(index)
                break
        else:
            groups.append((own, [index]))
    return [members for _, members in groups]


def _all_tables(statements: Iterable[Statement]) -> tuple[Relation, ...]:
    return tuple({each.name: each for statement in statements for each in statement.tables}.values())
