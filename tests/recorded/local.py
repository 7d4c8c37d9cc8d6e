"""What the embedded engine makes of the recorded queries, beside what BigQuery answered.

Each table of a fixture is replayed as for the other measures, and its rows are put into a DuckDB database.
"""

from __future__ import annotations

import dataclasses

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aggregator.analyzers.googlesql.evaluate import Evaluator
from aggregator.analyzers.googlesql.tables import Rows
from aggregator.analyzers.googlesql.types import parsed
from aggregator.analyzers.protocol import Field
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import Fidelity, OutputColumn
from aggregator.core.names import TableName
from aggregator.engines.duckdb.dialect.verdict import verdict
from aggregator.engines.protocol import QueryError

from .analyst import Analyst, RefusedError
from .corpus import DATASET, Fixture
from .embedded import Content, Embedded
from .prepared import prepared
from .rows import same_rows
from .statements import Replay
from .warehouse import Column


@dataclasses.dataclass(frozen=True)
class Case:
    """A recorded SELECT, the tables that it reads, and the columns that it gives."""

    fixture: Fixture
    tables: tuple[Content, ...]
    columns: tuple[Column, ...]
    is_ordered: bool


def case(evaluator: Evaluator, fixture: Fixture) -> Case | None:
    """What there is to compute; None for what is no SELECT by itself, or needs more than tables."""
    if fixture.outside or fixture.is_dry_run or (fixture.error and not fixture.fails_at_run_time):
        return None
    if not _is_select(fixture.query):
        return None
    try:
        analyst = prepared(evaluator, fixture)
    except RefusedError:
        return None
    try:
        result = Replay(analyst).run(fixture.query)
        tables = _contents(analyst, fixture)
    except RefusedError:
        return None
    finally:
        analyst.forget()
    if tables is None or analyst.warehouse.routines or not result.is_query:
        return None
    tree = analyst.parsed(fixture.query)
    return Case(fixture, tables, result.columns, tree.query.HasField("order_by"))


def _is_select(sql: str) -> bool:
    try:
        trees = [each for each in sqlglot.parse(sql, read="bigquery") if each is not None]
    except SqlglotError:
        return ";" not in sql.strip().rstrip(";")
    return len(trees) == 1 and isinstance(trees[0], exp.Query)


def _contents(analyst: Analyst, fixture: Fixture) -> tuple[Content, ...] | None:
    found = []
    for written, stored in analyst.tables(fixture.query).items():
        rows = analyst.content(stored)
        if rows is None or stored.kind in ("SYSTEM", "WILDCARD") or stored.pseudo:
            return None
        columns = tuple(Field(each.name, each.type) for each in stored.columns)
        found.append(Content(analyst.warehouse.path(written), columns, tuple(map(tuple, rows))))
    return tuple(found)


def fidelity(found: Case) -> Fidelity:
    """What the product says of the query before it is run."""
    try:
        tree = sqlglot.parse_one(found.fixture.query, read="bigquery")
    except SqlglotError:
        return Fidelity.REFUSED
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
        if not table.db and table.name in {each.path[2] for each in found.tables}:
            table.set("db", exp.to_identifier(DATASET))
    sql = tree.sql("bigquery")
    query = parse_select(sql, Document("", sql), 0, None)
    if not isinstance(query, Query):
        return Fidelity.REFUSED
    schemas = {
        TableName(*each.path[1:]): tuple(OutputColumn(column.name, column.type) for column in each.columns)
        for each in found.tables
    }
    analysis = analyse(query, schemas, "DATE")
    if not isinstance(analysis, Analysis):
        return Fidelity.REFUSED
    said = {each.fidelity for each in verdict(analysis.nodes)}
    return next((each for each in (Fidelity.REFUSED, Fidelity.APPROXIMATE) if each in said), Fidelity.EXACT)


AGREES, FAILS, REFUSED, WRONG = "agrees", "fails", "refused", "wrong"


def measure(found: Case) -> str:
    """``agrees``, or why the embedded engine gives no rows, or what it gives instead."""
    fixture = found.fixture
    try:
        engine = Embedded(found.tables)
    except duckdb.ParserException as error:
        return f"{FAILS}: {error}"  # a type that DuckDB does not have
    try:
        query = engine.translated(fixture.query)
        columns = [Field(each.name, each.type) for each in found.columns]
        values, described = engine.rows(query, columns, _parameters(fixture, query))
    except (QueryError, SqlglotError) as error:
        return f"{REFUSED}: {str(error).splitlines()[0]}"
    except duckdb.Error as error:
        return AGREES if fixture.error else f"{FAILS}: {str(error).splitlines()[0]}"
    finally:
        engine.close()
    if fixture.error:
        return f"{WRONG}: {values}, recorded is {fixture.error}"
    names = [each["name"] for each in fixture.schema]
    theirs = [tuple(row.get(name) for name in names) for row in fixture.rows]
    types = [parsed(each.type) for each in columns]
    if described or not same_rows(theirs, Rows(tuple(columns), values, found.is_ordered), types):
        return f"{WRONG}: {described or f'{values!r:.200}, recorded are {theirs!r:.200}'}"
    return AGREES


def _parameters(fixture: Fixture, query: str) -> object:
    if any(not each.name for each in fixture.parameters):
        return [each.value for each in fixture.parameters]
    return {each.name: each.value for each in fixture.parameters if f"${each.name}" in query}
