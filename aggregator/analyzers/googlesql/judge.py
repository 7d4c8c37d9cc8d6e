"""Statements to verdicts, in the process that holds the analyzer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from google.protobuf import empty_pb2
from google.protobuf.message import Message
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.catalog import Folder, add_table, catalog, information_schema
from aggregator.analyzers.googlesql.client import Instance, Refused, Trapped
from aggregator.analyzers.googlesql.language import language, options, with_system_variables
from aggregator.analyzers.googlesql.messages import refusal
from aggregator.analyzers.googlesql.reads import Node, Reads, concrete, reads_of
from aggregator.analyzers.googlesql.restrictions import broken_restriction, declared_names
from aggregator.analyzers.googlesql.routines import add_routines
from aggregator.analyzers.googlesql.types import text_of
from aggregator.analyzers.protocol import Field, Mistake, Relation, Statement, Verdict

R = TypeVar("R", bound=Message)

_SYSTEM_VARIABLE = "@@"


class Judge:
    """An analyzer that can be asked again and again; after a breakdown it begins anew."""

    def __init__(self, compiled: Path) -> None:
        self._engine = module.engine()
        self._module = module.load(compiled, self._engine)
        self._instance: Instance | None = None
        self._registered: tuple[object, int] | None = None

    def verdicts(self, statements: Sequence[Statement]) -> list[Verdict]:
        """A verdict for each statement. Those that agree about the tables share a catalog."""
        found: dict[int, Verdict] = {}
        for group in _agreeing(statements):
            together = [statements[index] for index in group]
            mentions = _all_mentions(together)
            for index, statement in zip(group, together, strict=True):
                found[index] = self._verdict(statement, together, mentions)
        return [found[index] for index in range(len(statements))]

    def call(self, method: str, request: Message, response: type[R]) -> R:
        """Call the analyzer; after a breakdown the next call finds a new one."""
        if self._instance is None:
            self._instance = Instance(self._engine, self._module)
        try:
            return self._instance.call(method, request, response)
        except Trapped:
            self._instance = self._registered = None
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

    def _verdict(self, statement: Statement, together: Sequence[Statement], mentions: frozenset[str] | None) -> Verdict:
        try:
            resolved = self._resolved(statement, together, mentions)
            reads = reads_of(resolved)
            if mentions is not None and reads.makes_structs:  # one of them may be a whole row
                resolved = self._resolved(statement, [statement], None)
                reads = reads_of(resolved)
            mistake = self._restriction(statement, resolved)
        except Refused as error:
            if mentions is not None:  # what was left out may be what was meant
                return self._verdict(statement, [statement], None)
            return refusal(statement.sql, str(error))
        except Trapped as error:
            return Verdict(unchecked=str(error))
        if mistake is not None:
            return Verdict(mistake)
        return Verdict(columns=output_columns(resolved), reads=_by_table(reads))

    def _restriction(self, statement: Statement, resolved: Node) -> Mistake | None:
        """What BigQuery alone would refuse in a statement that the analyzer accepts."""
        return broken_restriction(
            statement.sql,
            {each.name for each in statement.tables} | declared_names(map(self.parsed, statement.routines)),
            resolved,
            parsed=lambda: self.parsed(statement.sql),
            located=lambda: self._analysed(
                statement, service.AnalyzeRequest(simple_catalog=self._own_catalog(statement)), with_places=True
            ),
        )

    def parsed(self, sql: str) -> Node:
        """The syntax of a statement."""
        request = service.ParseRequest(sql_statement=sql, options=language())
        return self.call("Parse", request, service.ParseResponse).parsed_statement

    def _resolved(self, statement: Statement, together: Sequence[Statement], mentions: frozenset[str] | None) -> Node:
        """A statement, resolved over the catalog of its group, which is registered once."""
        if statement.routines or "information_schema" in statement.sql.casefold():
            return self.analysed(statement, self._own_catalog(statement))
        key = (tuple(id(each) for each in together), mentions)
        if self._registered is None or self._registered[0] != key:
            self._register(key, together, mentions)
        assert self._registered is not None  # noqa: S101
        return self._analysed(statement, service.AnalyzeRequest(registered_catalog_id=self._registered[1]))

    def _register(self, key: object, together: Sequence[Statement], mentions: frozenset[str] | None) -> None:
        if self._registered is not None:
            old = service.UnregisterRequest(registered_id=self._registered[1])
            self.call("UnregisterCatalog", old, empty_pb2.Empty)
        relations = {each.name: each for statement in together for each in statement.tables}
        request = service.RegisterCatalogRequest(simple_catalog=catalog(relations.values(), mentions))
        self._registered = key, self.call("RegisterCatalog", request, service.RegisterResponse).registered_id

    def _own_catalog(self, statement: Statement) -> Folder:
        """For a statement with functions of its own, or one that reads the warehouse's views of itself."""
        root = catalog(statement.tables)
        for name in self.table_names(statement.sql):
            view = information_schema(name)
            if view is not None:
                add_table(root, view)
        add_routines(root, statement.routines, self.analysed)
        return root

    def table_names(self, sql: str) -> list[str]:
        """The tables that a statement names; none if it can't be parsed."""
        request = service.ExtractTableNamesFromStatementRequest(sql_statement=sql, options=language())
        try:
            found = self.call("ExtractTableNamesFromStatement", request, service.ExtractTableNamesFromStatementResponse)
        except Refused:
            return []
        return [".".join(each.table_name_segment) for each in found.table_name]


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


def _by_table(reads: Reads) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for scan, columns in reads.scans:
        found.setdefault(scan.table.full_name, set()).update(columns)
    return {table: tuple(sorted(columns)) for table, columns in sorted(found.items())}


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


def _all_mentions(statements: Iterable[Statement]) -> frozenset[str] | None:
    found: set[str] = set()
    for statement in statements:
        if statement.mentions is None:
            return None
        found |= statement.mentions
    return frozenset(found)
