"""Declared functions: their bodies in the place of calls, beside what the reference engine makes of the calls."""

from __future__ import annotations

import pytest
from side_by_side import agreement_of_cases, compare, random_rows

from aggregator.analyzers.googlesql import module
from aggregator.analyzers.googlesql.tables import Question, Table
from aggregator.analyzers.protocol import Mistake, Relation
from aggregator.compile.routines import routines_of
from aggregator.core.diagnostics import Place, Word
from aggregator.core.project import Function
from aggregator.engines.duckdb.dialect.inlining import with_bodies
from aggregator.engines.protocol import QueryError

CALLED = ("tools.clean", "tools.total", "tools.divided")
"""What others call."""

DECLARED = {
    "tools.twice": "CREATE FUNCTION tools.twice(x INT64) AS (x + x)",
    "tools.square": "CREATE FUNCTION tools.square(x ANY TYPE) AS (x * x)",
    "tools.half": "CREATE FUNCTION tools.half(x FLOAT64) RETURNS STRING AS (CAST(x / 2 AS STRING))",
    "tools.part": "CREATE FUNCTION tools.part(whole NUMERIC, by_ INT64) AS (whole / by_)",
    "tools.ratio": "CREATE FUNCTION tools.ratio(a ANY TYPE, b ANY TYPE) AS (IF(b = 0, NULL, a / b))",
    "tools.rounded": "CREATE FUNCTION tools.rounded(x FLOAT64) RETURNS INT64 AS (CAST(x AS INT64))",
    "tools.clean": "CREATE FUNCTION tools.clean(name STRING) AS (UPPER(TRIM(name)))",
    "tools.shout": "CREATE FUNCTION tools.shout(name STRING) AS (CONCAT(tools.clean(name), '!', tools.clean(name)))",
    "tools.or_zero": "CREATE FUNCTION tools.or_zero(x INT64) AS (COALESCE(x, 0))",
    "tools.total": (
        "CREATE FUNCTION tools.total(xs ARRAY<INT64>, least INT64) AS"
        " ((SELECT SUM(v) FROM UNNEST(xs) AS v WHERE v >= least))"
    ),
    "tools.beyond": "CREATE FUNCTION tools.beyond(xs ARRAY<INT64>, n INT64) AS (ARRAY(SELECT v + n FROM UNNEST(xs) v))",
    "tools.of_two": "CREATE FUNCTION tools.of_two(v INT64) AS (tools.total([v, 2], v + 1) + v)",
    "tools.quoted": "CREATE FUNCTION tools.quoted(`order` INT64) AS (`order` * `order`)",
    "tools.first_x": "CREATE FUNCTION tools.first_x(r ARRAY<STRUCT<x INT64, y STRING>>) AS (r[SAFE_OFFSET(0)].x)",
    "tools.of_struct": "CREATE FUNCTION tools.of_struct(row_ STRUCT<x INT64, y STRING>) AS (row_.x + LENGTH(row_.y))",
    "tools.pair": "CREATE FUNCTION tools.pair(x INT64, y STRING) AS (STRUCT(x AS x, y AS y))",
    "tools.days": "CREATE FUNCTION tools.days(a DATE, b DATE) RETURNS INT64 AS (DATE_DIFF(a, b, DAY))",
    "tools.weekday": "CREATE FUNCTION tools.weekday(d DATE) AS (FORMAT_DATE('%a', d))",
    "tools.bucket": (
        "CREATE FUNCTION tools.bucket(n INT64) AS (CASE WHEN n IS NULL THEN '?' WHEN n < 0 THEN '-' ELSE '+' END)"
    ),
    "tools.divided": "CREATE FUNCTION tools.divided(x INT64, y INT64) AS (DIV(x, y))",
    "tools.read": "CREATE FUNCTION tools.read(x STRING) RETURNS INT64 AS (CAST(x AS INT64) + CAST(x AS INT64))",
    "tools.one_more": "CREATE FUNCTION tools.one_more(x INT64, y INT64) AS (tools.divided(x, y) + 1)",
    "tools.never": "CREATE FUNCTION tools.never(x INT64) AS (1)",
    "tools.most": "CREATE FUNCTION tools.most() AS ((SELECT MAX(i) FROM t))",
    "tools.pi": "CREATE FUNCTION tools.pi() RETURNS FLOAT64 AS (3.25)",
    "tools.safe_div": "CREATE FUNCTION tools.safe_div(a FLOAT64, b FLOAT64) AS (SAFE_DIVIDE(a, b))",
    "tools.as_moment": "CREATE FUNCTION tools.as_moment(m DATETIME) AS (DATETIME_TRUNC(m, DAY))",
    "tools.of_day": "CREATE TABLE FUNCTION tools.of_day(least INT64) AS SELECT k, i, s FROM t WHERE i >= least",
    "tools.typed": (
        "CREATE TABLE FUNCTION tools.typed(least INT64, what STRING) RETURNS TABLE<k INT64, w STRING> AS"
        " (WITH chosen AS (SELECT k, what AS w FROM t WHERE i >= least) SELECT k, w FROM chosen)"
    ),
}
EXPRESSIONS = (
    *("tools.twice(i)", "tools.twice(p + 1)", "tools.twice(tools.twice(p))", "tools.twice(NULL)", "tools.twice(7)"),
    *("tools.square(p)", "tools.square(f)", "tools.square(n)", "tools.square(p + 1)", "tools.square(f - g)"),
    *("tools.half(f)", "tools.half(i)", "tools.half(3)", "tools.half(n)", "tools.part(n, 3)", "tools.part(p, p)"),
    *("tools.part(p + 1, 7)", "tools.ratio(p, z)", "tools.ratio(f, g)", "tools.ratio(n, m)", "tools.ratio(n + 1, p)"),
    *(
        "tools.rounded(f)",
        "tools.rounded(2.5)",
        "tools.clean(s)",
        "tools.clean(u)",
        "tools.shout(s)",
        "tools.shout(u || s)",
    ),
    *(
        "tools.or_zero(i)",
        "tools.total(a, 1)",
        "tools.total(a, i)",
        "tools.total([p, 2, i], i)",
        "tools.total(CAST(NULL AS ARRAY<INT64>), 1)",
    ),
    *("tools.of_two(p)", "tools.of_two(p + 1)", "tools.quoted(p + 1)"),
    *("tools.beyond(a, 1)", "tools.beyond(a, i)", "tools.beyond(ARRAY_REVERSE(a), p + p)", "tools.first_x(ar)"),
    *(
        "tools.of_struct(st)",
        "tools.of_struct(STRUCT(p, s))",
        "tools.pair(i, s).x",
        "tools.pair(i, s)",
        "tools.pair(p, u).y",
    ),
    *("tools.days(d, e)", "tools.days(d, '2013-01-01')", "tools.weekday(e)", "tools.weekday('2013-02-08')"),
    *("tools.bucket(i)", "tools.bucket(i - p)", "tools.never(i)", "tools.most()", "tools.pi() + tools.pi()"),
    *("tools.safe_div(f, i)", "tools.safe_div(i, z)", "tools.as_moment(dt)", "tools.as_moment(d)"),
    *(
        "CASE WHEN tools.bucket(i) = '+' THEN tools.twice(p) END",
        "NOT tools.or_zero(i) > 1",
        "tools.twice(i) IN (2, 4)",
    ),
    "-tools.twice(p) + 2 * tools.square(p + 1)",
    *("SAFE.tools.twice(i)", "SAFE.tools.twice(9223372036854775807)", "SAFE.tools.divided(i, z)", "SAFE.tools.read(s)"),
    *("SAFE.tools.read(u || s)", "SAFE.tools.divided(i, MOD(k, 2))", "COALESCE(SAFE.tools.read(s), tools.or_zero(i))"),
    *("SAFE.tools.one_more(i, MOD(k, 3))", "SAFE.tools.divided(SAFE.tools.divided(i, z), p)"),
)
QUERIES = (
    "SELECT tools.bucket(i) AS bucket, COUNT(*) AS n FROM t GROUP BY bucket ORDER BY bucket",
    "SELECT tools.bucket(i) AS bucket, COUNT(*) AS n FROM t GROUP BY 1 ORDER BY 1",
    "SELECT tools.bucket(i - p) AS bucket, SUM(tools.twice(p)) AS n FROM t GROUP BY tools.bucket(i - p) ORDER BY 1",
    "SELECT tools.twice(SUM(p) + 1) AS a, tools.ratio(SUM(p), COUNT(*)) AS b, tools.total(ARRAY_AGG(p), 3) AS c FROM t",
    "SELECT k, tools.twice(ROW_NUMBER() OVER (ORDER BY k)) AS v FROM t ORDER BY k",
    "SELECT k FROM t WHERE tools.twice(p) > 4 AND tools.shout(s || u) <> '' ORDER BY k",
    "SELECT f.k, f.i + tools.twice(f.i) AS v FROM tools.of_day(2) AS f ORDER BY f.k",
    "SELECT f.k, g.s FROM tools.of_day(2) AS f JOIN tools.of_day(1) AS g ON f.k = g.k ORDER BY f.k",
    "WITH x AS (SELECT k, tools.twice(i) AS v FROM t) SELECT k, tools.twice(v) AS v FROM x ORDER BY k",
    "SELECT k, (SELECT MAX(tools.twice(v) + p) FROM UNNEST(a) AS v) AS v FROM t ORDER BY k",
    "SELECT k, (SELECT SUM(tools.square(v + 1)) FROM UNNEST(a) AS v) AS w FROM t ORDER BY k",
)
BY_HAND = {
    "SELECT k, w FROM tools.typed(2, 'y') ORDER BY k": "SELECT k, 'y' AS w FROM t WHERE i >= 2 ORDER BY k",
    "SELECT f.k, g.w FROM tools.of_day(2) AS f JOIN tools.typed(1, 'x') AS g ON f.k = g.k ORDER BY f.k": (
        "SELECT k, 'x' AS w FROM t WHERE i >= 2 ORDER BY k"
    ),
}
"""Calls that the reference engine can't compute, and queries without them."""

REFUSED = {
    "tools.twice(1, 2)": "it takes 1 arguments, and 2 are given",
    "SAFE.tools.most()": "SAFE stands before it, and it is no expression",
    "tools.loop(i)": "it calls itself",
    "tools.python(i)": "it is written in neither SQL nor JavaScript",
    "tools.remote(i)": "it is written in neither SQL nor JavaScript",
    "tools.summed(i)": "of values, in SQL or JavaScript",
    "tools.library(s)": "it uses libraries",
    "tools.integer(i)": "JavaScript takes no INT64",
    "tools.fraction(ts)": "what x.microsecond is in BigQuery is not known here",
    "tools.shadowed(i)": "its argument i is called like a column",
    "tools.named(i)": "its argument v is called like a column",
    "tools.of_day(1)": "it is a table function",
}
OTHERS = {
    "tools.fraction": (
        "CREATE FUNCTION tools.fraction(x TIMESTAMP) RETURNS FLOAT64 LANGUAGE js AS 'return x.microsecond'"
    ),
    "tools.loop": "CREATE FUNCTION tools.loop(x INT64) AS (tools.loop(x) + 1)",
    "tools.python": "CREATE FUNCTION tools.python(x INT64) RETURNS INT64 LANGUAGE python AS 'return x'",
    "tools.remote": "CREATE FUNCTION tools.remote(x INT64) RETURNS INT64 REMOTE WITH CONNECTION us.c",
    "tools.summed": "CREATE AGGREGATE FUNCTION tools.summed(x INT64) AS (SUM(x))",
    "tools.library": (
        "CREATE FUNCTION tools.library(x STRING) RETURNS STRING LANGUAGE js OPTIONS(library=['gs://a.js']) AS ''"
    ),
    "tools.integer": "CREATE FUNCTION tools.integer(x INT64) RETURNS INT64 LANGUAGE js AS 'return x'",
    "tools.shadowed": "CREATE FUNCTION tools.shadowed(i INT64) AS ((SELECT MAX(k) FROM t WHERE i = i))",
    "tools.named": "CREATE FUNCTION tools.named(v INT64) AS ((SELECT MAX(v) FROM UNNEST([1, 2]) AS v))",
}
ROUTINES = routines_of(Function(name, Word(text, Place("x"))) for name, text in (DECLARED | OTHERS).items())
COLUMNS = {".t": list(random_rows.COLUMNS)}


@pytest.fixture(scope="module")
def evaluator():
    missing = module.why_missing()
    if missing:
        pytest.skip(missing)
    return agreement_of_cases.reference()


@pytest.mark.parametrize("case", [*EXPRESSIONS, *QUERIES])
def test_bodies_give_what_calls_give(case, evaluator):
    rows = random_rows.rows(3, 24)
    sql = compare.query_of(case)
    called = tuple(text for name, text in DECLARED.items() if name in sql or name in CALLED)
    answer = evaluator.evaluate(Question(sql, (Table(Relation("t", compare.COLUMNS), rows),), routines=called))
    with compare.opened(rows) as engine:
        found = compare.compared(with_bodies(sql, ROUTINES, COLUMNS), engine, answer)

    assert (found.outcome, found.why if found.outcome != compare.AGREES else "") == (compare.AGREES, "")


@pytest.mark.parametrize(("case", "without"), BY_HAND.items())
def test_table_functions_give_what_their_query_gives(case, without, evaluator):
    rows = random_rows.rows(3, 24)
    answer = evaluator.evaluate(Question(without, (Table(Relation("t", compare.COLUMNS), rows),)))
    with compare.opened(rows) as engine:
        found = compare.compared(with_bodies(case, ROUTINES, COLUMNS), engine, answer)

    assert (found.outcome, found.values > 4) == (compare.AGREES, True)


@pytest.mark.parametrize(("case", "why"), REFUSED.items())
def test_what_has_no_body_is_refused(case, why):
    with pytest.raises(QueryError, match=why):
        with_bodies(compare.query_of(case), ROUTINES, COLUMNS)


def test_a_mistake_in_an_argument_is_one_after_safe(evaluator):
    rows = random_rows.rows(3, 24)
    sql = compare.query_of("SAFE.tools.divided(DIV(p, MOD(k, 2)), 2)")
    answer = evaluator.evaluate(
        Question(sql, (Table(Relation("t", compare.COLUMNS), rows),), routines=(DECLARED["tools.divided"],))
    )
    with compare.opened(rows) as engine:
        found = compare.compared(with_bodies(sql, ROUTINES, COLUMNS), engine, answer)

    assert isinstance(answer, Mistake)
    assert found.outcome == compare.AGREES, found


def test_an_argument_is_computed_once():
    assert with_bodies("SELECT tools.square(RAND()) FROM t", ROUTINES, COLUMNS).count("RAND()") == 1


def test_a_query_without_calls_stays_as_it_is():
    sql = "select  i from t -- of tools"
    assert with_bodies(sql, ROUTINES, COLUMNS) is sql


def test_calls_in_calls_do_not_grow_without_bounds():
    deep = "p"
    for _ in range(40):
        deep = f"tools.square({deep})"
    text = with_bodies(f"SELECT {deep} FROM t", ROUTINES, COLUMNS)

    assert len(text) < 10_000
