"""Where aggregates and window functions may stand; what is refused is what BigQuery refuses."""

from __future__ import annotations

import pytest

from aggregator.compile.parse import parse_select
from aggregator.compile.placement import placement_problems
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document

REFUSED = {
    "an aggregate in WHERE": ("SELECT a FROM d.t WHERE SUM(b) > 1 GROUP BY a", 24, "an aggregate can't stand in WHERE"),
    "an aggregate in a condition of a join": (
        "SELECT a FROM d.t JOIN d.u ON t.a = MAX(u.a)",
        36,
        "an aggregate can't stand in a join's condition",
    ),
    "an aggregate in GROUP BY": (
        "SELECT 1 AS x FROM d.t GROUP BY COUNT(*)",
        32,
        "an aggregate can't stand in GROUP BY",
    ),
    "an aggregate in an aggregate": (
        "SELECT MAX(1 + SUM(b)) AS x FROM d.t",
        15,
        "an aggregate can't stand inside an aggregate",
    ),
    "an aggregate in WHERE of a query in WITH": (
        "WITH c AS (SELECT a FROM d.t WHERE COUNTIF(b) > 1) SELECT a FROM c",
        35,
        "an aggregate can't stand in WHERE",
    ),
    "a window in WHERE": (
        "SELECT a FROM d.t WHERE ROW_NUMBER() OVER (ORDER BY a) = 1",
        24,
        "a window function can't stand in WHERE",
    ),
    "a window in HAVING": (
        "SELECT a FROM d.t GROUP BY a HAVING RANK() OVER (ORDER BY a) = 1",
        36,
        "a window function can't stand in HAVING",
    ),
    "a window in an aggregate": (
        "SELECT SUM(LAG(b) OVER (ORDER BY a)) AS x FROM d.t",
        11,
        "a window function can't stand inside an aggregate",
    ),
    "a window in a window": (
        "SELECT SUM(LAG(b) OVER (ORDER BY a)) OVER (ORDER BY a) AS x FROM d.t",
        11,
        "a window function can't stand inside a window function",
    ),
    "QUALIFY without a window": (
        "SELECT a FROM d.t WHERE TRUE QUALIFY a = 1",
        37,
        "QUALIFY needs a window function, here or in the SELECT list",
    ),
}
ACCEPTED = {
    "an aggregate in HAVING and ORDER BY": "SELECT a FROM d.t GROUP BY a HAVING SUM(b) > 1 ORDER BY MAX(b)",
    "an aggregate in QUALIFY": "SELECT a FROM d.t GROUP BY a QUALIFY RANK() OVER (ORDER BY SUM(b)) = 1",
    "a window of an aggregate": "SELECT a, SUM(COUNT(*)) OVER (PARTITION BY MIN(b)) AS x FROM d.t GROUP BY a",
    "a window of an aggregate that ignores NULL": (
        "SELECT FIRST_VALUE(MAX(b) IGNORE NULLS) OVER (ORDER BY a) AS x FROM d.t GROUP BY a"
    ),
    "an aggregate of a query in WHERE": "SELECT a FROM d.t WHERE a = (SELECT MAX(a) FROM d.u)",
    "an aggregate of a query in a join": "SELECT t.a FROM d.t JOIN d.u ON t.a = (SELECT MAX(a) FROM d.u)",
    "an aggregate of an aggregate of another query": "SELECT MAX((SELECT SUM(b) FROM d.u)) AS x FROM d.t",
    "a pivot": "SELECT * FROM (SELECT a, b FROM d.t) PIVOT (SUM(b) AS s FOR a IN (1, 2))",
    "a window in ORDER BY": "SELECT a FROM d.t ORDER BY ROW_NUMBER() OVER (ORDER BY b)",
    "QUALIFY by a column with a window": "SELECT a, RANK() OVER (ORDER BY a) AS r FROM d.t QUALIFY r = 1",
    "a named window": "SELECT SUM(b) OVER w AS x FROM d.t WINDOW w AS (PARTITION BY a)",
    "an aggregate with a condition of its own": "SELECT ANY_VALUE(a HAVING MAX b) AS x FROM d.t",
    "an aggregate with an order of its own": "SELECT ARRAY_AGG(a IGNORE NULLS ORDER BY b DESC LIMIT 3) AS x FROM d.t",
    "a pipe": "FROM d.t |> AGGREGATE SUM(b) AS s GROUP BY a |> WHERE s > 1",
    "an aggregate over what is made of rows": "SELECT a FROM d.t, UNNEST((SELECT ARRAY_AGG(b) FROM d.u)) AS b",
}


def found(sql: str) -> list[tuple[int, str]]:
    query = parse_select(sql, Document("models/d/m.sql", sql), 0)
    assert isinstance(query, Query), query
    return [(each.place.column - 1, each.message) for each in placement_problems(query)]


@pytest.mark.parametrize(("sql", "column", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(sql, column, message):
    assert found(sql) == [(column, message)]


@pytest.mark.parametrize("sql", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted(sql):
    assert found(sql) == []
