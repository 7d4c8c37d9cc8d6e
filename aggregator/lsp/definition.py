"""Where something is defined: the file of a table, the line of a column, a name of WITH, a macro."""

from __future__ import annotations

from aggregator.core.diagnostics import Document, Place
from aggregator.core.names import TableName
from aggregator.lsp.formats import sql_start
from aggregator.lsp.project import Knowledge
from aggregator.lsp.scope import Column, Script
from aggregator.lsp.spot import Spot
from aggregator.lsp.words import Kind

Definition = Place | tuple[int, int]
"""A place in a file of the project, or offsets in the file that was asked about."""


def definition(spot: Spot) -> Definition | None:
    """The definition of what is at a spot."""
    if spot.part.format:
        return _table(spot.mentioned, spot.knowledge) if spot.mentioned else None
    token = spot.script.token_at(spot.offset)
    if token is None or token.kind is Kind.COMMENT:
        return None
    if token.kind is Kind.TEMPLATE:
        return spot.macro.place if spot.macro else None
    return _sql(spot, spot.script)


def _sql(spot: Spot, script: Script) -> Definition | None:
    relation = script.relation_at(spot.offset)
    if relation is not None:
        table = script.table(relation)
        named = script.named(relation.path[0], spot.offset)
        return _table(table, spot.knowledge) if table else (named.start, named.end) if named else None
    path = script.path_at(spot.offset)
    column = script.find(path, spot.offset)
    if column is not None:
        return _column(column, spot.knowledge)
    aliased = next((each for each in script.relations_at(spot.offset) if (each.alias,) == path), None)
    return (aliased.start, aliased.end) if aliased else None


def _table(table: TableName, knowledge: Knowledge) -> Place | None:
    document = knowledge.document(table)
    return document.place(0) if document else None


def _column(found: Column, knowledge: Knowledge) -> Definition | None:
    if found.item is not None:
        return found.item.start, found.item.end
    if found.table is None:
        return None
    source, name = knowledge.source(found.table), found.column.name.casefold()
    if source is not None:
        return next((each.name.place for each in source.columns if each.name.casefold() == name), None)
    document = knowledge.document(found.table)
    return _output(document, name, knowledge) or document.place(0) if document else None


def _output(document: Document, name: str, knowledge: Knowledge) -> Place | None:
    """Where the SELECT of another model names an output column."""
    columns = Script(document.text, sql_start(document.text), knowledge).outputs()
    items = (each.item for each in columns if each.item and each.item.name.casefold() == name)
    return next((document.place(item.start, item.end) for item in items), None)
