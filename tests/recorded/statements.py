"""What single statements do to a warehouse, and what they give."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from aggregator.analyzers.googlesql.judge import output_columns
from aggregator.analyzers.googlesql.reads import Node, concrete, inherited, walk
from aggregator.analyzers.googlesql.types import text_of
from aggregator.analyzers.protocol import Field

from . import changes
from .analyst import Analyst, RefusedError, text_at
from .meter import Meter
from .script import Result, Script
from .warehouse import Column, Path, Procedure, Stored, Warehouse, dataset_of

_TEMPORARY = 2
_REPLACE, _IF_NOT_EXISTS = 1, 2
_CASCADE = 2
_INSERTS = 0
"""What a clause of MERGE does."""


class Replay:
    """Runs scripts over a warehouse, as far as checks and tests need."""

    def __init__(self, analyst: Analyst, *, is_dry_run: bool = False) -> None:
        self.meter = Meter(analyst)
        self._analyst = analyst
        self._is_dry_run = is_dry_run
        self._script = Script(analyst, self.meter, self._leaf)
        self._saved: dict[Path, Stored] = {}

    def run(self, sql: str, *, wants_rows: bool = False) -> Result:
        """Run a script. Raises :class:`RefusedError`."""
        return self._script.run(sql, wants_rows=wants_rows)

    @property
    def _warehouse(self) -> Warehouse:
        return self._analyst.warehouse

    def _leaf(self, sql: str, wants_rows: bool) -> Result:
        resolved = self._analyst.resolved(sql)
        effect = _EFFECTS.get(resolved.DESCRIPTOR.name)
        if effect is None:
            return Result()
        found = effect(self, resolved, sql)
        if found is not None and found.is_query and wants_rows:
            return dataclasses.replace(found, answer=self._analyst.evaluated(sql))
        return found or Result()

    def _query(self, resolved: Node, sql: str) -> Result:
        self.meter.query(resolved, sql)
        return Result(tuple(Column(each.name, each.type) for each in output_columns(resolved)), is_query=True)

    def _export(self, resolved: Node, sql: str) -> None:
        if not any(each.name.casefold() == "uri" for each in resolved.option_list):
            raise RefusedError("Option 'uri' is missing or empty.")
        self.meter.query(resolved, sql)

    def _begin(self, _: Node, __: str) -> None:
        self._saved = dict(self._warehouse.tables)

    def _rollback(self, _: Node, __: str) -> None:
        self._warehouse.tables = dict(self._saved)

    # --- tables

    def _create_table(self, resolved: Node, sql: str) -> Result:
        columns, rows = _columns(resolved), ()
        like = resolved.parent.like_table.full_name
        source = next(filter(None, map(_source, (resolved.clone_from, resolved.copy_from))), like)
        if source:
            stored = self._stored(source)
            columns, rows = stored.columns, () if source == like else stored.rows
        return self._created(resolved, Stored(self._new_path(resolved), columns, rows, partition=self._partition(sql)))

    def _create_table_as(self, resolved: Node, sql: str) -> Result:
        self.meter.query(resolved, sql)
        rows = self._analyst.rows(text_at(sql, self._analyst.parsed(sql).query))
        stored = Stored(self._new_path(resolved), _columns(resolved), rows, partition=self._partition(sql))
        return self._created(resolved, stored)

    def _snapshot(self, resolved: Node, _: str) -> Result:
        stored = self._stored(_source(resolved.clone_from))
        self._created(resolved, Stored(self._new_path(resolved), stored.columns, stored.rows, "SNAPSHOT"))
        return Result()

    def _view(self, resolved: Node, _: str) -> Result:
        columns = tuple(
            Column(each.name, text_of(each.column.type)) for each in inherited(resolved, "output_column_list")
        )
        return self._created(
            resolved, Stored(self._new_path(resolved), columns, None, "VIEW", inherited(resolved, "sql"))
        )

    def _created(self, resolved: Node, stored: Stored) -> Result:
        mode = inherited(resolved, "create_mode")
        is_there = stored.path in self._warehouse.tables
        if is_there and mode not in (_REPLACE, _IF_NOT_EXISTS):
            raise RefusedError(f"Already Exists: Table {stored.path[0]}:{'.'.join(stored.path[1:])}")
        if not is_there or mode == _REPLACE:
            self._warehouse.put(stored)
        return Result(stored.columns)

    def _new_path(self, resolved: Node) -> Path:
        path = self._warehouse.path(".".join(inherited(resolved, "name_path")))
        return ("", "", path[2]) if inherited(resolved, "create_scope") == _TEMPORARY else path

    def _partition(self, sql: str) -> str:
        parsed = self._analyst.parsed(sql)
        if not parsed.HasField("partition_by"):
            return ""
        return text_at(sql, parsed.partition_by.partitioning_expressions[0])

    def _stored(self, written: str) -> Stored:
        found = self._warehouse.lookup(written)
        assert found is not None  # the analyzer has found it
        return found

    def _drop(self, resolved: Node, _: str) -> None:
        name = ".".join(resolved.name_path)
        if "object_type" in resolved.DESCRIPTOR.fields_by_name and resolved.object_type.upper() == "SCHEMA":
            self._drop_dataset(dataset_of(name), cascades=resolved.drop_mode == _CASCADE)
            return
        if getattr(resolved, "object_type", "").upper() == "PROCEDURE":
            self._warehouse.procedures.pop(name, None)
            return
        path = self._warehouse.path(name)
        if self._warehouse.tables.pop(path, None) is None and not resolved.is_if_exists:
            raise RefusedError(f"Not found: Table {path[0]}:{path[1]}.{path[2]}")

    def _drop_dataset(self, dataset: tuple[str, str], *, cascades: bool) -> None:
        inside = [path for path in self._warehouse.tables if path[:2] == dataset]
        if inside and not cascades:
            raise RefusedError(f"Dataset {':'.join(dataset)} is still in use")
        for path in inside:
            del self._warehouse.tables[path]

    def _alter(self, resolved: Node, _: str) -> None:
        path = self._warehouse.path(".".join(inherited(resolved, "name_path")))
        stored = self._warehouse.tables.get(path)
        if stored is None:
            return
        for action in inherited(resolved, "alter_action_list"):
            stored = changes.altered(stored, concrete(action))
        self._warehouse.tables.pop(path)
        self._warehouse.put(stored)

    # --- rows

    def _insert(self, resolved: Node, sql: str) -> Result:
        target = self._stored(resolved.table_scan.table.full_name)
        self.meter.add(self.meter.scans(resolved, leaves_out=resolved.table_scan), sql)
        if not self._is_dry_run:
            changes.insert(self._analyst, target, sql)
            return Result()
        return Result(target.columns)

    def _update(self, resolved: Node, sql: str) -> None:
        """UPDATE, DELETE and MERGE read all columns of their target; a MERGE that only inserts, what ON reads."""
        target = self._stored(resolved.table_scan.table.full_name)
        scans = self.meter.scans(resolved, leaves_out=resolved.table_scan)
        columns = scans.setdefault(target.path, set())
        if _only_inserts(resolved):
            columns |= _matched(resolved)
        else:
            columns |= {each.name for each in target.columns}
        self.meter.add(scans, sql)
        changes.change(self._analyst, target, sql)

    def _truncate(self, resolved: Node, _: str) -> None:
        target = self._stored(resolved.table_scan.table.full_name)
        self._warehouse.tables[target.path] = dataclasses.replace(target, rows=())

    # --- routines

    def _function(self, resolved: Node, sql: str) -> None:
        self._warehouse.routines[".".join(resolved.parent.name_path)] = sql

    def _procedure(self, resolved: Node, _: str) -> Result | None:
        arguments = zip(resolved.argument_name_list, resolved.signature.argument, strict=True)
        fields = tuple(Field(name, text_of(argument.type)) for name, argument in arguments)
        name = ".".join(resolved.parent.name_path)
        procedure = Procedure(resolved.procedure_body, fields, resolved.signature)
        self._warehouse.procedures[name] = procedure
        if procedure.body:
            tables, total = dict(self._warehouse.tables), self.meter.total
            self._called(procedure)
            self._warehouse.tables, self.meter.total = tables, total
        return None

    def _call(self, resolved: Node, _: str) -> Result | None:
        last = resolved.procedure.name.split(".")[-1].casefold()
        for name, procedure in self._warehouse.procedures.items():
            if name.split(".")[-1].casefold() == last and procedure.body:
                return self._called(procedure)
        return None

    def _called(self, procedure: Procedure) -> Result:
        outer, parameters = self._analyst.scopes, self._analyst.parameters
        types = self._analyst.resolved(
            "SELECT " + (", ".join(f"CAST(NULL AS {each.type})" for each in procedure.arguments) or "1")
        ).output_column_list
        names = (each.name for each in procedure.arguments)
        self._analyst.scopes = [{name: each.column.type for name, each in zip(names, types, strict=False)}]
        self._analyst.parameters = ()
        try:
            return self.run(procedure.body)
        finally:
            self._analyst.scopes, self._analyst.parameters = outer, parameters


def _columns(resolved: Node) -> tuple[Column, ...]:
    return tuple(
        Column(each.name, text_of(each.type), "REQUIRED" if each.annotations.not_null else "NULLABLE")
        for each in inherited(resolved, "column_definition_list")
    )


def _source(scan: Node) -> str:
    """The table of a CLONE or COPY, which may be as of a time."""
    scan = concrete(scan)
    while "input_scan" in scan.DESCRIPTOR.fields_by_name:
        scan = concrete(scan.input_scan)
    name: str = scan.table.full_name if "table" in scan.DESCRIPTOR.fields_by_name else ""
    return name


def _only_inserts(resolved: Node) -> bool:
    is_merge = "when_clause_list" in resolved.DESCRIPTOR.fields_by_name
    return is_merge and all(each.action_type == _INSERTS for each in resolved.when_clause_list)


def _matched(resolved: Node) -> set[str]:
    """The columns of a MERGE's target that decide what matches."""
    conditions: list[Any] = [resolved.merge_expr, *(each.match_expr for each in resolved.when_clause_list)]
    ids = {
        node.column.column_id
        for condition in conditions
        for node in walk(condition)
        if node.DESCRIPTOR.name == "ResolvedColumnRefProto"
    }
    return {each.name for each in resolved.table_scan.parent.column_list if each.column_id in ids}


_EFFECTS: dict[str, Callable[[Replay, Node, str], Result | None]] = {
    "ResolvedQueryStmtProto": Replay._query,
    "ResolvedExportDataStmtProto": Replay._export,
    "ResolvedBeginStmtProto": Replay._begin,
    "ResolvedRollbackStmtProto": Replay._rollback,
    "ResolvedCreateTableStmtProto": Replay._create_table,
    "ResolvedCreateTableAsSelectStmtProto": Replay._create_table_as,
    "ResolvedCreateSnapshotTableStmtProto": Replay._snapshot,
    "ResolvedCreateViewStmtProto": Replay._view,
    "ResolvedCreateMaterializedViewStmtProto": Replay._view,
    "ResolvedDropStmtProto": Replay._drop,
    "ResolvedDropMaterializedViewStmtProto": Replay._drop,
    "ResolvedDropSnapshotTableStmtProto": Replay._drop,
    "ResolvedAlterTableStmtProto": Replay._alter,
    "ResolvedInsertStmtProto": Replay._insert,
    "ResolvedUpdateStmtProto": Replay._update,
    "ResolvedDeleteStmtProto": Replay._update,
    "ResolvedMergeStmtProto": Replay._update,
    "ResolvedTruncateStmtProto": Replay._truncate,
    "ResolvedCreateFunctionStmtProto": Replay._function,
    "ResolvedCreateTableFunctionStmtProto": Replay._function,
    "ResolvedCreateProcedureStmtProto": Replay._procedure,
    "ResolvedCallStmtProto": Replay._call,
}
