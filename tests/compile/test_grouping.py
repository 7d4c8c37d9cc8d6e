"""Columns that are neither grouped nor aggregated; what is refused is what BigQuery refuses."""

from __future__ import annotations

import pytest

from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.grouping import grouping_problems
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName

COLUMNS = {"a": "INT64", "b": "INT64", "day": "DATE", "s": "STRUCT<x INT64, y INT64>", "list": "ARRAY<INT64>"}
SCHEMAS = {
    TableName("d", table): tuple(OutputColumn(name, type_) for name, type_ in COLUMNS.items()) for table in ("t", "u")
}
REFUSED = {
    "a column beside a group": ("SELECT a, b, COUNT(*) AS n FROM d.t GROUP BY a", ["b"]),
    "a column beside an aggregate": ("SELECT a, COUNT(*) AS n FROM d.t", ["a"]),
    "in an expression": ("SELECT a, 1 + b * SUM(b) AS n FROM d.t GROUP BY a", ["b"]),
    "in a window's partition": ("SELECT a, RANK() OVER (PARTITION BY b ORDER BY a) AS r FROM d.t GROUP BY a", ["b"]),
    "in a window's argument": ("SELECT a, SUM(b) OVER () AS r FROM d.t GROUP BY a", ["b"]),
    "of the other table": ("SELECT t.a, u.b, COUNT(*) AS n FROM d.t JOIN d.u USING (day) GROUP BY t.a", ["b"]),
    "grouped by an expression of it": ("SELECT day, COUNT(*) AS n FROM d.t GROUP BY DATE_TRUNC(day, MONTH)", ["day"]),
    "in a query in WITH": ("WITH c AS (SELECT a, b, SUM(b) AS n FROM d.t GROUP BY a) SELECT a, b, n FROM c", ["b"]),
    "in one side of a UNION": ("SELECT a, b FROM d.t UNION ALL SELECT a, b FROM d.u GROUP BY a", ["b"]),
    "two columns, each once": ("SELECT a, b, b + 1 AS c, day, COUNT(*) AS n FROM d.t GROUP BY a", ["b", "day"]),
    "another field": ("SELECT s.x, s.y, COUNT(*) AS n FROM d.t GROUP BY s.x", ["s"]),
}
ACCEPTED = {
    "by number": "SELECT a, b + 1 AS c, COUNT(*) AS n FROM d.t GROUP BY 1, 2",
    "by the name of an output column": "SELECT a + b AS c, COUNT(*) AS n FROM d.t GROUP BY c",
    "by an expression": "SELECT DATE_TRUNC(day, MONTH) AS m, COUNT(*) AS n FROM d.t GROUP BY DATE_TRUNC(day, MONTH)",
    "an expression of keys": "SELECT a + b AS c, MAX(day) AS d FROM d.t GROUP BY a, b",
    "in another case": "SELECT A, COUNT(*) AS n FROM d.t GROUP BY a",
    "with and without its table": "SELECT t.a, COUNT(*) AS n FROM d.t GROUP BY a",
    "a field of a key": "SELECT s.x, COUNT(*) AS n FROM d.t GROUP BY s",
    "a field": "SELECT s.x, COUNT(*) AS n FROM d.t GROUP BY s.x",
    "all": "SELECT a, b, COUNT(*) AS n FROM d.t GROUP BY ALL",
    "rolled up": "SELECT a, b, COUNT(*) AS n FROM d.t GROUP BY ROLLUP (a, b)",
    "an aggregate alone": "SELECT COUNT(*) AS n, SUM(b) AS s, 1 AS one FROM d.t",
    "a window alone": "SELECT a, SUM(b) OVER () AS s FROM d.t",
    "a window of aggregates": "SELECT a, SUM(SUM(b)) OVER (ORDER BY a) AS s FROM d.t GROUP BY a",
    "a correlated subquery": "SELECT a, (SELECT MAX(u.b) FROM d.u WHERE u.a = t.a) AS m FROM d.t GROUP BY a",
    "an aggregate in a subquery": "SELECT a, b, (SELECT COUNT(*) FROM d.u) AS n FROM d.t",
    "what is outside of a subquery": "SELECT a FROM d.t WHERE EXISTS (SELECT t.b, COUNT(*) AS n FROM d.u)",
    "a function that is not known": "SELECT a, d.of_rows(b) AS c FROM d.t GROUP BY a",
    "a sketch": "SELECT a, HLL_COUNT.INIT(b) AS h FROM d.t GROUP BY a",
    "an unnested item": "SELECT item, COUNT(*) AS n FROM d.t, UNNEST(list) AS item GROUP BY item",
    "a pipe": "FROM d.t |> AGGREGATE COUNT(*) AS n GROUP BY a",
    "DISTINCT": "SELECT DISTINCT a, b FROM d.t",
}


def found(sql: str) -> list[str]:
    query = parse_select(sql, Document("models/d/m.sql", sql), 0)
    assert isinstance(query, Query), query
    analysis = analyse(query, SCHEMAS, "DATE")
    assert isinstance(analysis, Analysis), analysis
    return [each.message.split(" ", 1)[0] for each in grouping_problems(analysis)]


@pytest.mark.parametrize(("sql", "columns"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(sql, columns):
    assert found(sql) == columns


@pytest.mark.parametrize("sql", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted(sql):
    assert found(sql) == []
