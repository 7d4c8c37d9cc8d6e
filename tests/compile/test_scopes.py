"""The scopes that are found among few nodes are those that sqlglot finds by walking all of them."""

from __future__ import annotations

import pytest
from sqlglot import exp
from sqlglot.optimizer import scope as sqlglot_scope

from aggregator.compile.analysis import Analysis, Scope, analyse
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document

SAME = {
    "one table": "SELECT a FROM d.t WHERE a > 1",
    "no table": "SELECT 1 AS one",
    "joins": "SELECT t.a FROM d.t AS t JOIN d.u AS u ON u.a = t.a CROSS JOIN d.v",
    "a join in parentheses": "SELECT t.a FROM d.t AS t JOIN (d.u AS u JOIN d.v AS v ON u.a = v.a) ON u.a = t.a",
    "a subquery in FROM": "SELECT x.a FROM (SELECT a FROM d.t) AS x",
    "subqueries in subqueries": "SELECT a FROM (SELECT a FROM (SELECT a FROM d.t) AS y) AS x",
    "WITH": "WITH x AS (SELECT a FROM d.t), y AS (SELECT a FROM x) SELECT y.a FROM y JOIN x ON x.a = y.a",
    "WITH inside WITH": "WITH x AS (WITH t AS (SELECT a FROM d.t) SELECT a FROM t) SELECT a FROM x",
    "WITH hides another": "WITH x AS (SELECT a FROM d.t) SELECT a FROM (WITH x AS (SELECT a FROM d.u) SELECT a FROM x)",
    "a name of WITH with a dataset is a table": "WITH t AS (SELECT a FROM d.t) SELECT a FROM d.t",
    "recursive WITH": "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
    "UNION of three": "SELECT a FROM d.t UNION ALL SELECT a FROM d.u UNION ALL SELECT a FROM d.v",
    "UNION in parentheses": "SELECT a FROM d.t UNION ALL (SELECT a FROM d.u UNION DISTINCT SELECT a FROM d.v)",
    "WITH before UNION": "WITH x AS (SELECT a FROM d.t) SELECT a FROM x UNION ALL SELECT a FROM x",
    "a subquery in WHERE": "SELECT a FROM d.t WHERE a IN (SELECT a FROM d.u WHERE u.b = t.b)",
    "a subquery in the list": "SELECT (SELECT MAX(a) FROM d.u) AS most FROM d.t",
    "a subquery in a condition": "SELECT t.a FROM d.t AS t JOIN d.u AS u ON EXISTS (SELECT 1 FROM d.v WHERE v.a = u.a)",
    "a subquery that reads WITH": "WITH x AS (SELECT a FROM d.t) SELECT a FROM d.u WHERE a > (SELECT MAX(a) FROM x)",
    "a UNION as a subquery": "SELECT a FROM d.t WHERE a IN (SELECT a FROM d.u UNION ALL SELECT a FROM d.v)",
    "an array of a subquery": "SELECT ARRAY(SELECT x FROM UNNEST(t.xs) AS x) AS xs FROM d.t AS t",
    "UNNEST": "SELECT t.a, x FROM d.t AS t, UNNEST(t.xs) AS x WITH OFFSET AS i",
    "UNNEST of a subquery": "SELECT x FROM UNNEST(ARRAY(SELECT a FROM d.t)) AS x",
    "PIVOT": "SELECT * FROM (SELECT a, b FROM d.t) PIVOT(SUM(a) FOR b IN ('x', 'y'))",
    "PIVOT of WITH": "WITH x AS (SELECT a, b FROM d.t) SELECT * FROM x PIVOT(SUM(a) FOR b IN ('x', 'y'))",
    "ORDER BY behind parentheses": "(SELECT a FROM d.t) ORDER BY a LIMIT 3",
    "pipes": "FROM d.t |> WHERE a > 1 |> AGGREGATE COUNT(*) AS n GROUP BY a |> WHERE n > 1",
}


@pytest.mark.parametrize("sql", SAME.values(), ids=SAME)
def test_scopes_are_those_of_sqlglot(sql: str) -> None:
    analysis = _analysed(sql)
    assert analysis.tree is not None
    theirs = sqlglot_scope.traverse_scope(analysis.tree)

    assert [_described(scope) for scope in analysis.scopes.values()] == [_described(scope) for scope in theirs]


def test_the_last_scope_is_that_of_the_whole() -> None:
    analysis = _analysed(SAME["WITH"])

    assert list(analysis.scopes.values())[-1] is analysis.root
    assert analysis.root is not None
    assert analysis.root.expression is analysis.tree


def test_a_table_among_arguments_is_not_read_under_its_name() -> None:
    analysis = _analysed("WITH late AS (SELECT a FROM d.t) SELECT a FROM ML.PREDICT(MODEL d.m, TABLE late) AS guessed")

    assert analysis.root is not None
    assert list(analysis.root.selected_sources) == ["guessed"]


def _analysed(sql: str) -> Analysis:
    query = parse_select(sql, Document("m.sql", sql), 0)
    assert isinstance(query, Query)
    analysis = analyse(query, {}, "DATE")
    assert isinstance(analysis, Analysis)
    return analysis


def _described(scope: Scope | sqlglot_scope.Scope) -> dict[str, object]:
    """What is known of a scope, its neighbours by the identity of their queries."""
    return {
        "query": id(scope.expression),
        "parent": id(scope.parent.expression) if scope.parent is not None else None,
        "sources": {alias: _identity(source) for alias, source in scope.sources.items()},
        "selected": {alias: (id(node), _identity(source)) for alias, (node, source) in scope.selected_sources.items()},
        "pivots": [id(each) for each in scope.pivots],
        "with": [id(each.expression) for each in scope.cte_scopes],
        "sides": [id(each.expression) for each in scope.set_operation_scopes],
        "from": [id(each.expression) for each in scope.table_scopes],
        "subqueries": [id(each.expression) for each in scope.subquery_scopes],
    }


def _identity(source: object) -> int:
    return id(source) if isinstance(source, exp.Expr) else id(getattr(source, "expression", None))
