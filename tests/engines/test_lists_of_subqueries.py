"""Subqueries over one array are functions of lists, and answer as DuckDB's own subqueries do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_cases import LEFT_AS_THEY_ARE, MADE, SCALARS
from ready_duckdb import prepared
from sqlglot import exp

from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.dialect import translate as dialect
from aggregator.engines.duckdb.dialect.rewrites import REWRITES

RANDOM = {
    "a count": "(SELECT COUNT(*) FROM UNNEST(h) AS e WHERE e.v > k)",
    "a count of values": "(SELECT COUNT(e.v) FROM UNNEST(h) AS e)",
    "a count of what meets a condition": "(SELECT COUNTIF(e.n & 3 != 0 OR e.v IS NULL) FROM UNNEST(h) AS e)",
    "a sum": "(SELECT SUM(e.v + e.n * k) FROM UNNEST(h) AS e WHERE e.n != 2)",
    "the least": "(SELECT MIN(e.v) FROM UNNEST(h) AS e WHERE e.n > 0)",
    "the greatest of all with the least": (
        "(SELECT MAX(e.n) FROM UNNEST(h) AS e WHERE e.v = (SELECT MIN(f.v) FROM UNNEST(h) AS f))"
    ),
    "of a query": "(SELECT SUM(a) FROM (SELECT e.v AS a, e.n FROM UNNEST(h) AS e WHERE e.v > 0) AS t WHERE t.n > k)",
    "structs": "ARRAY(SELECT AS STRUCT e.n, e.v * 2 AS v FROM UNNEST(h) AS e WHERE e.n > 1)",
    "values": "ARRAY(SELECT e.n - e.v FROM UNNEST(h) AS e)",
    "each once": "ARRAY(SELECT DISTINCT x FROM UNNEST(xs) AS x ORDER BY x)",
    "each once, backwards": "ARRAY(SELECT DISTINCT x FROM UNNEST(xs) AS x WHERE x IS NULL OR x > -1 ORDER BY x DESC)",
    "in order": "ARRAY(SELECT x FROM UNNEST(xs) AS x ORDER BY x DESC)",
    "a quantile": (
        "(SELECT MIN(v) FROM (SELECT e.v AS v, SUM(e.n) OVER (ORDER BY e.v) AS n FROM UNNEST(h) AS e)"
        " WHERE n >= 0.75 * (SELECT SUM(e.n) FROM UNNEST(h) AS e))"
    ),
    "running sums": (
        "(SELECT SUM(n * (v + 7) * (v + 7)) FROM (SELECT e.v, SUM(e.n) OVER (ORDER BY e.v) AS n FROM UNNEST(h) AS e))"
    ),
}
_NUMBERS = st.none() | st.integers(-3, 4)
_ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.none() | st.lists(st.none() | st.tuples(_NUMBERS, _NUMBERS), max_size=20),
        st.none() | st.lists(_NUMBERS, max_size=9),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def db(tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = prepared(duckdb.connect(tmp_path_factory.mktemp("lists") / "local.duckdb"))
    connection.execute("CREATE TABLE t (i BIGINT, k BIGINT, h STRUCT(v BIGINT, n BIGINT)[], xs BIGINT[])")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def subqueries() -> Callable[[str], str]:
    """The translation without lists."""

    @functools.cache
    def translate(sql: str) -> str:
        with pytest.MonkeyPatch.context() as patch:
            for kind in (exp.Subquery, exp.Array):
                patch.setitem(REWRITES, kind, lambda node: node)
            dialect.translated.cache_clear()
            found = to_duckdb(sql)
        dialect.translated.cache_clear()
        return found

    return translate


def _answer(db: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return db.execute(sql).fetchall()


@pytest.mark.parametrize("sql", [sql for sql, _ in (SCALARS | MADE).values()], ids=(SCALARS | MADE).keys())
def test_nothing_is_unnested(sql):
    assert "UNNEST" not in to_duckdb(f"SELECT {sql}").upper()


@pytest.mark.parametrize("title", [title for title in SCALARS | MADE if "not reached" not in title])
def test_the_subquery_answers_alike(db, subqueries, title):
    sql, _ = (SCALARS | MADE)[title]

    assert _answer(db, to_duckdb(f"SELECT {sql}")) == _answer(db, subqueries(f"SELECT {sql}"))


@pytest.mark.parametrize(("sql", "expected"), LEFT_AS_THEY_ARE.values(), ids=LEFT_AS_THEY_ARE.keys())
def test_left_as_it_is(db, sql, expected):
    translated = to_duckdb(f"SELECT {sql}")

    assert "UNNEST" in translated
    assert "_RUNNING_SUMS" not in translated
    assert _answer(db, translated)[0][0] == expected


@settings(max_examples=25)
@given(rows=_ROWS)
@pytest.mark.parametrize("sql", RANDOM.values(), ids=RANDOM.keys())
def test_random_arrays_give_the_same(db, subqueries, sql, rows):
    query = f"SELECT i, {sql} FROM t ORDER BY i"
    db.execute("TRUNCATE t")
    for i, (k, pairs, xs) in enumerate(rows):
        structs = pairs and [pair and {"v": pair[0], "n": pair[1]} for pair in pairs]
        db.execute("INSERT INTO t SELECT ?, ?, CAST(? AS STRUCT(v BIGINT, n BIGINT)[]), ?", [i, k, structs, xs])

    assert "UNNEST" not in to_duckdb(query)
    assert _answer(db, to_duckdb(query)) == _answer(db, subqueries(query))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 127, 128, 129, 3000])
def test_running_sums_of_any_length(db, length):
    sql = (
        "SELECT (SELECT COUNTIF(n = x * (x + 1)) FROM (SELECT x, SUM(x) OVER (ORDER BY x) AS n"
        f" FROM UNNEST(xs) AS x)) FROM (SELECT ARRAY_AGG(x) AS xs FROM (SELECT DIV(y, 2) + 1 AS x"
        f" FROM UNNEST(GENERATE_ARRAY(0, {2 * length - 1})) AS y))"
    )

    assert _answer(db, to_duckdb(sql)) == [(2 * length,)]


def test_arrays_are_computed_once_before_they_are_put_together(db):
    sql = to_duckdb("SELECT ARRAY_CONCAT_AGG(ARRAY(SELECT x + 1 FROM UNNEST(xs) AS x) ORDER BY k) FROM t")

    assert sql.upper().count("LIST_TRANSFORM") == 1
    assert _answer(db, sql) is not None


def test_what_does_not_depend_on_the_element_is_computed_once():
    sql = to_duckdb("SELECT (SELECT COUNTIF(x > (SELECT SUM(y) FROM UNNEST(xs) AS y)) FROM UNNEST(xs) AS x) FROM t")

    assert "LIST_TRANSFORM([LIST_SUM(xs)], LAMBDA" in sql
