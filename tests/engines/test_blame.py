"""The expression that makes a query fail is found, wherever it stands, and shown in the author's file."""

from __future__ import annotations

import duckdb
import pytest
from ready_duckdb import prepared

from aggregator.core.names import TableName
from aggregator.engines.duckdb.blame import culprit
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.errors import failure
from aggregator.engines.protocol import QueryError

TYPES = {TableName("", "t"): {"a": "INT64", "b": "INT64", "s": "STRING", "xs": "ARRAY<INT64>", "big": "INT64"}}
ROWS = "(1, 0, 'x', [1], 9223372036854775807), (2, 1, '3', [1, 2], 5), (3, 0, NULL, [], NULL)"
QUERIES = {
    "a division": ("SELECT a + 1 AS c, 1 + a / b AS d FROM t", "a / b"),
    "one of two": ("SELECT SAFE_DIVIDE(a, b), a / 2 AS h, a / b AS d FROM t", "a / b"),
    "whole division": ("SELECT DIV(a, b) AS d FROM t", "DIV(a, b)"),
    "a cast": ("SELECT a, CAST(s AS INT64) + 1 AS n FROM t", "CAST(s AS INT64)"),
    "an element": ("SELECT xs[OFFSET(1)] AS second FROM t", "xs[OFFSET(1)]"),
    "overflow": ("SELECT a, ABS(big + a) AS n FROM t", "big + a"),
    "in WITH": ("WITH x AS (SELECT a / b AS r FROM t) SELECT COUNT(r), 1 / 1 FROM x", "a / b"),
    "in WHERE": ("SELECT a FROM t WHERE a / b > 1", "a / b"),
    "in GROUP BY, too": ("SELECT a / b AS r, COUNT(*) FROM t GROUP BY a / b", "a / b"),
    "in an aggregate": ("SELECT SUM(a / b) FROM t", "a / b"),
    "in CASE": ("SELECT CASE WHEN b = 0 THEN LN(b) ELSE LN(a) END AS l FROM t", "LN(b)"),
    "more than one row": ("SELECT a, (SELECT a FROM t) AS one FROM t", "(SELECT a FROM t)"),
    "a date": ("SELECT PARSE_DATE('%Y-%m-%d', s) AS d FROM t", "PARSE_DATE('%Y-%m-%d', s)"),
    "said by the author": ("SELECT IF(b = 0, ERROR(CONCAT('no b at ', s)), a) AS v FROM t", "CONCAT('no b at ', s)"),
    "the last of several": ("SELECT a / b AS d, CAST(s AS INT64) AS n FROM t", None),
}


@pytest.fixture(scope="module")
def db():
    with prepared(duckdb.connect()) as opened:
        opened.execute("CREATE TABLE t (a BIGINT, b BIGINT, s VARCHAR, xs BIGINT[], big BIGINT)")
        opened.execute(f"INSERT INTO t VALUES {ROWS}")
        yield opened


def running(db, asked: list[str]):
    def run(query: str) -> None:
        asked.append(query)
        try:
            db.execute(to_duckdb(query, TYPES)).fetchall()
        except duckdb.Error as error:
            raise failure(error) from None

    return run


def error_of(run, query: str) -> QueryError:
    with pytest.raises(QueryError) as raised:
        run(query)
    return raised.value


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES)
def test_found(query, expected, db):
    run = running(db, [])
    error = error_of(run, query)
    found = culprit(query, error, TYPES, run)

    assert found is not None
    assert found.text in ({expected} if expected else {"a / b", "CAST(s AS INT64)"})
    assert 0 <= found.start - query.index(found.text) < len(found.text)
    assert expected is None or found.message == str(error)


def test_what_is_not_in_an_expression_is_not_found(db):
    query = "SELECT a FROM t WHERE s"
    run = running(db, [])

    assert culprit(query, error_of(run, query), TYPES, run) is None


def test_few_queries_are_run(db):
    """Half of what is left is looked at each time."""
    asked: list[str] = []
    run = running(db, asked)
    query = f"SELECT {', '.join(f'a + {each} AS c{each}' for each in range(200))}, a / b AS d FROM t"
    error = error_of(run, query)
    asked.clear()
    found = culprit(query, error, TYPES, run)

    assert found is not None
    assert found.text == "a / b"
    assert len(asked) <= 10


PROJECT = {
    "models/lake/words.yml": """
        source:
          description: x
          owner: x
          columns: {day: DATE, word: STRING}
          partition: {by: day, grain: day, from: 2013-02-08, to: 2013-02-10}
          local: {file: words.csv}
        """,
    "words.csv": "day,word\n2013-02-08,1\n2013-02-09,one\n",
    "macros/as_number.sql": "{% macro as_number(column) %}CAST({{ column }} AS INT64){% endmacro %}\n",
}
HEAD = "/*---\ndescription: x\nowner: x\npartition: {by: day, grain: day, from: 2013-02-08, to: 2013-02-10}\n---*/\n"
MODELS = {
    "a filter is put in before": (
        "SELECT day,\n  CAST(word AS INT64) AS n\nFROM lake.words\n",
        "models/marts/m.sql:7:8: R501",
    ),
    "a template": ("SELECT day,\n  {{ as_number('word') }} AS n\nFROM lake.words\n", "models/marts/m.sql:7:"),
}


@pytest.mark.parametrize(("sql", "place"), MODELS.values(), ids=MODELS)
def test_it_is_shown_in_the_authors_file(sql, place, make_project, aggregator):
    done = aggregator(make_project(PROJECT | {"models/marts/m.sql": HEAD + sql}), "run", "--quiet")

    assert done.code == 1
    assert place in done.err + done.out
    assert "Bad int64 value: one, in CAST(word AS INT64)" in done.err + done.out
    assert "1 partition written with 1 row" in done.out
