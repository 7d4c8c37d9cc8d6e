"""Texts of BigQuery's SQL to texts of DuckDB's."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from sqlglot import exp

from aggregator.compile.pipes import tree_of
from aggregator.core.names import TableName
from aggregator.engines.duckdb import bits, sketches
from aggregator.engines.duckdb.dialect import by_name, coercions, element_fields, floats, intervals, structs
from aggregator.engines.duckdb.dialect.binding import bound, repeated
from aggregator.engines.duckdb.dialect.moments import with_zones
from aggregator.engines.duckdb.dialect.rewrites import MACROS, REWRITES
from aggregator.engines.duckdb.dialect.source import Source
from aggregator.engines.duckdb.dialect.typing import Schemas, tell_types
from aggregator.engines.duckdb.outside import refuse_outside
from aggregator.engines.duckdb.trees import walked

_IN_AGGREGATES = {*sketches.MACROS, *intervals.PART_MACROS}
_REPEATED = repeated([each for each in MACROS if each not in _IN_AGGREGATES])  # an aggregate takes no parameter
_Columns = tuple[tuple[TableName, tuple[tuple[str, str], ...]], ...]


def to_duckdb(sql: str, schemas: Schemas | None = None) -> str:
    """Translate a query, or an expression in a SELECT; parameters ``@start`` become ``$start``.

    ``schemas`` has the columns of the tables that it reads, by their types on BigQuery; what is not there has no type.
    Raises :class:`~aggregator.engines.protocol.QueryError` where it calls a function that only the warehouse has, or
    that is not translated.
    """
    return translated(sql, tuple((name, tuple(columns.items())) for name, columns in (schemas or {}).items()))


@functools.lru_cache(maxsize=4096)
def translated(sql: str, columns: _Columns) -> str:
    """The same, of what can be kept."""
    tree = tree_of(sql, Source)
    if tree.args.get("kind") == "STRUCT":
        tree.set("kind", None)  # the fields are the columns of what is stored
    nodes = walked(tree)
    for node in nodes:
        if type(node) is not exp.Star:  # one that has no place is implied by a pipe
            node._meta = None  # noqa: SLF001  (places in the text, which take long to copy, and which nobody asks for)
    refuse_outside(nodes)
    schemas = {name: dict(each) for name, each in columns}
    tell_types(nodes, sql, schemas)
    with_zones(nodes)
    if by_name.by_position(nodes):
        nodes = walked(tree)
    if coercions.read_moments(nodes):
        nodes = walked(tree)
    if structs.compare_fields(nodes, schemas):
        nodes = walked(tree)
    if element_fields.spell_out(nodes):
        nodes = walked(tree)
    if floats.join_using(nodes, schemas):
        nodes = walked(tree)
    if bits.regroup(nodes):
        nodes = walked(tree)
    return bound(_rewritten(nodes), _REPEATED).sql(dialect="duckdb", copy=False)


def expression_to_duckdb(sql: str) -> str:
    """Translate an expression."""
    return to_duckdb(f"SELECT {sql}").removeprefix("SELECT ")


def with_columns(sql: str, table: TableName, columns: Mapping[str, str]) -> str:
    """Let a query, in BigQuery's SQL, read a table as if it had more columns, of these types and all NULL."""
    tree = tree_of(sql)
    nulls = [exp.alias_(exp.cast(exp.null(), type_, dialect="bigquery"), name) for name, type_ in columns.items()]
    for node in list(tree.find_all(exp.Table)):
        if (node.db, node.name) == (table.dataset, table.table):
            inner = node.copy()
            inner.set("alias", None)
            node.replace(exp.select("*", *nulls).from_(inner).subquery(node.alias_or_name))
    return tree.sql(dialect="bigquery")


def type_to_duckdb(bigquery_type: str) -> str:
    """Translate a column type."""
    if not bigquery_type:
        return "VARCHAR"
    return _rewritten(walked(exp.DataType.build(bigquery_type, dialect="bigquery"))).sql(dialect="duckdb")


def _rewritten(nodes: list[exp.Expr]) -> exp.Expr:
    """The inner nodes first, so that what stands inside a rewritten node is rewritten too."""
    for node in reversed(nodes):
        rewrite = REWRITES.get(type(node))
        if rewrite is None:
            continue
        parent, key, index = node.parent, node.arg_key, node.index
        better = rewrite(node)
        if better is node:
            continue
        if better.type is None:
            better._type = node.type  # noqa: SLF001  (the setter parses)
        if parent is None or key is None:
            return better
        parent.set(key, better, index)  # node.replace() would forget its place, which may be in the better one
    return nodes[0]
