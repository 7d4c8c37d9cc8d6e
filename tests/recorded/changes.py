"""What ALTER TABLE, INSERT, UPDATE, DELETE and MERGE leave in a table.

Rows are computed by queries: the reference engine's own way to change tables breaks down.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from aggregator.analyzers.googlesql.reads import Node, concrete
from aggregator.analyzers.googlesql.types import text_of

from .analyst import Analyst, text_at
from .merge import merged
from .warehouse import Column, Stored, Warehouse


def altered(stored: Stored, action: Node) -> Stored:
    """A table after one action of ALTER TABLE."""
    change = _ALTERATIONS.get(action.DESCRIPTOR.name)
    return change(stored, action) if change is not None else stored


def _with_new_column(stored: Stored, action: Node) -> Stored:
    added = action.column_definition
    if any(each.name.casefold() == added.name.casefold() for each in stored.columns):
        return stored
    columns = (*stored.columns, Column(added.name, text_of(added.type)))
    return dataclasses.replace(stored, columns=columns, rows=_each(stored, lambda row: (*row, None)))


def _without_column(stored: Stored, action: Node) -> Stored:
    places = [at for at, each in enumerate(stored.columns) if each.name.casefold() != action.name.casefold()]
    columns = tuple(stored.columns[at] for at in places)
    return dataclasses.replace(stored, columns=columns, rows=_each(stored, lambda row: tuple(row[at] for at in places)))


def _renamed(stored: Stored, action: Node) -> Stored:
    return dataclasses.replace(stored, path=(*stored.path[:2], ".".join(action.new_path).split(".")[-1]))


_ALTERATIONS: dict[str, Callable[[Stored, Node], Stored]] = {
    "ResolvedAddColumnActionProto": _with_new_column,
    "ResolvedDropColumnActionProto": _without_column,
    "ResolvedRenameColumnActionProto": lambda stored, action: _with_column(stored, action.name, name=action.new_name),
    "ResolvedAlterColumnSetDataTypeActionProto": lambda stored, action: _with_column(
        stored, action.column, type=text_of(action.updated_type)
    ),
    "ResolvedRenameToActionProto": _renamed,
}


def insert(analyst: Analyst, target: Stored, sql: str) -> None:
    """Add the rows of an INSERT."""
    tree = analyst.parsed(sql)
    by_name = {each.name.casefold(): each for each in target.columns}
    named = [each.id_string for each in tree.column_list.identifiers] if tree.HasField("column_list") else []
    names = named or [each.name for each in target.columns]
    if tree.HasField("rows"):
        fields = ", ".join(f"`{name}` {by_name[name.casefold()].type}" for name in names)
        rows = (f"STRUCT<{fields}>({', '.join(_values(each, sql))})" for each in tree.rows.rows)
        query = f"SELECT * FROM UNNEST([{', '.join(rows)}])"
    else:
        query = text_at(sql, tree.query)
    found = analyst.rows(query)
    order = {name.casefold(): place for place, name in enumerate(names)}
    places = [order.get(each.name.casefold()) for each in target.columns]
    new = None if found is None else tuple(tuple(None if at is None else row[at] for at in places) for row in found)
    rows_before = target.rows
    _put(analyst.warehouse, target, None if new is None or rows_before is None else (*rows_before, *new))


def _values(row: Node, sql: str) -> Iterator[str]:
    """The values of a row; none of the recorded columns has a DEFAULT other than NULL."""
    for each in row.values:
        is_default = concrete(each).DESCRIPTOR.name == "ASTDefaultLiteralProto"
        yield "NULL" if is_default else text_at(sql, each)


def change(analyst: Analyst, target: Stored, sql: str) -> None:
    """Change the rows as an UPDATE, DELETE or MERGE does; after an UPDATE with FROM they are not known."""
    tree = analyst.parsed(sql)
    query = None
    if target.rows is not None and tree.DESCRIPTOR.name == "ASTDeleteStatementProto":
        query = f"SELECT * FROM {_source(tree, target)} WHERE NOT COALESCE({text_at(sql, tree.where)}, FALSE)"
    elif target.rows is not None and tree.DESCRIPTOR.name == "ASTUpdateStatementProto":
        query = _updated(tree, target, sql)
    elif target.rows is not None:
        query = merged(tree, target, sql)
    _put(analyst.warehouse, target, None if query is None else analyst.rows(query))


def _updated(tree: Node, target: Stored, sql: str) -> str | None:
    if tree.HasField("from_clause"):
        return None
    types = {each.name.casefold(): each.type for each in target.columns}
    replaced = []
    for each in tree.update_item_list.update_items:
        name = text_at(sql, each.set_value.path).split(".")[-1].strip("`")
        if name.casefold() not in types:
            return None
        value = f"CAST({text_at(sql, each.set_value.value)} AS {types[name.casefold()]})"
        replaced.append(f"IF(COALESCE({text_at(sql, tree.where)}, FALSE), {value}, {name}) AS {name}")
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM {_source(tree, target)}"


def _source(tree: Node, target: Stored) -> str:
    alias = tree.alias.identifier.id_string if tree.HasField("alias") else target.path[2]
    return f"`{'.'.join(filter(None, target.path))}` AS {alias}"


def _with_column(stored: Stored, name: str, **changed: Any) -> Stored:
    columns = tuple(
        dataclasses.replace(each, **changed) if each.name.casefold() == name.casefold() else each
        for each in stored.columns
    )
    return dataclasses.replace(stored, columns=columns)


def _each(stored: Stored, changed: Any) -> tuple[tuple[Any, ...], ...] | None:
    return None if stored.rows is None else tuple(map(changed, stored.rows))


def _put(warehouse: Warehouse, target: Stored, rows: tuple[tuple[Any, ...], ...] | None) -> None:
    warehouse.tables[target.path] = dataclasses.replace(target, rows=rows)
