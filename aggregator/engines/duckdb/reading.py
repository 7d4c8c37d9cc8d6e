"""What a query needs before it can be run: tables that are still to come, columns that are, and stars as BigQuery's."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.lazily import Lazily
from aggregator.core.names import TableName
from aggregator.core.writes import Write
from aggregator.engines.duckdb.catalog import Columns
from aggregator.engines.duckdb.dialect import type_to_duckdb, with_columns
from aggregator.engines.duckdb.pseudo import without_pseudo
from aggregator.engines.duckdb.tables import Tables
from aggregator.engines.duckdb.types import stored_type
from aggregator.engines.protocol import QueryError


def readable(query: str, graph: Graph, tables: Iterable[TableName]) -> str:
    """A query of some tables without calls of declared functions, and whose stars see of sources what BigQuery's do."""
    sources = graph.sources
    query = without_calls(query, graph)
    read = [name for name in tables if name in sources and sources[name].pseudo_columns]
    hidden = tuple((name, tuple(str(each.name) for each in sources[name].pseudo_columns)) for name in read)
    return without_pseudo(query, hidden) if hidden else query


def without_calls(query: str, graph: Graph) -> str:
    """A query, in BigQuery's SQL, in which declared functions are replaced by what they compute."""
    if not graph.project.functions:
        return query
    from aggregator.compile.routines import routines_of  # noqa: PLC0415  (sqlglot: few projects declare functions)
    from aggregator.engines.duckdb.dialect.inlining import with_bodies  # noqa: PLC0415  (as above)

    tables = {str(name): functools.partial(_names_of, graph, name) for name in graph.calendars}
    return with_bodies(query, routines_of(graph.project.functions), Lazily(tables))


def _names_of(graph: Graph, name: TableName) -> Collection[str]:
    return schema_of(graph, name) or ()


def schemas_of(graph: Graph, reader: TableName) -> dict[TableName, dict[str, str]]:
    """The columns of the tables that a model reads, and its own, by their types on BigQuery."""
    return {
        name: schema for name in (reader, *graph.upstream(reader)) if (schema := schema_of(graph, name)) is not None
    }


def schema_of(graph: Graph, name: TableName) -> dict[str, str] | None:
    """The columns of a table by their types on BigQuery, as far as they are known; None of one that is unknown."""
    if name in graph.models:
        return {column.name: column.type for column in graph.models[name].columns}
    if name not in graph.sources:
        return None
    source = graph.sources[name]
    return {str(each.name): each.type for each in (*source.columns, *source.pseudo_columns)}


def any_of(conditions: Sequence[str]) -> str:
    """How many rows meet any of some conditions, in BigQuery's SQL."""
    return f"COUNTIF({' OR '.join(f'({each})' for each in conditions)})"


def to_come(graph: Graph, reader: TableName, there: Collection[TableName]) -> Iterator[tuple[TableName, Columns]]:
    """The partitioned tables that a model reads and that are not there yet, with their columns: they are empty.

    A model's own, the first time, is among them.
    """
    for table in dict.fromkeys(edge.table for edge in graph.models[reader].inputs):
        model = graph.models.get(table)
        if model is None or model.calendar is None or table in there:
            continue
        types = {column.name: stored_type(column) for column in model.columns}
        _refuse_untyped(table, types)
        yield table, {name: type_to_duckdb(type_) for name, type_ in types.items()}


def most_rows(graph: Graph, tables: Tables, reader: TableName) -> int:
    """How many rows the largest of the tables has that a model reads, by itself or through views."""
    versions, found = tables.versions(), 0
    read = list(graph.upstream(reader))
    for name in read:
        if name in tables.columns:
            found = max(found, sum(each.rows for each in versions.get(name, {}).values()))
        else:
            read += [each for each in graph.upstream(name) if each not in read]
    return found


def with_own_columns(write: Write, model: CompiledModel, tables: Tables) -> Write:
    """The query of a table that reads itself finds its new columns there, as NULL, before they are published."""
    if write.table not in tables.columns or all(edge.table != write.table for edge in model.inputs):
        return write
    types = {column.name: stored_type(column) for column in model.columns}
    new = {name: types[name] for name in tables.missing(write.table, list(types))}
    _refuse_untyped(write.table, new)
    return dataclasses.replace(write, query=with_columns(write.query, write.table, new)) if new else write


def from_database(sql: str, tables: Collection[TableName], database: str) -> str:
    """A query, in BigQuery's SQL, that reads some tables from another database, under the names that they have here."""
    from sqlglot import exp  # noqa: PLC0415  (a run with nothing to do translates nothing)

    from aggregator.compile.pipes import tree_of  # noqa: PLC0415  (as above)

    tree = tree_of(sql)
    for node in tree.find_all(exp.Table):
        if TableName(node.db, node.name) in tables:
            node.set("catalog", exp.to_identifier(database))
    return tree.sql(dialect="bigquery")


def from_staging(sql: str, table: TableName, staging: str) -> str:
    """A query, in BigQuery's SQL, that reads another table in place of one."""
    from sqlglot import exp  # noqa: PLC0415  (as above)

    from aggregator.compile.pipes import tree_of  # noqa: PLC0415  (as above)

    tree = tree_of(sql)
    for node in list(tree.find_all(exp.Table)):
        if (node.db, node.name) == (table.dataset, table.table):
            node.set("alias", exp.TableAlias(this=exp.to_identifier(node.alias_or_name)))
            node.set("db", None)
            node.set("this", exp.to_identifier(staging))
    return tree.sql(dialect="bigquery")


def _refuse_untyped(table: TableName, types: Mapping[str, str]) -> None:
    """What is not built yet can only be read if it is known what it will be."""
    untyped = [name for name, type_ in types.items() if not type_]
    if untyped:
        message = f"{table} is not built yet, and the types of {', '.join(untyped)} can't be inferred"
        raise QueryError(f"{message}; declare them: `columns: {{{untyped[0]}: {{type: INT64}}}}`")
