"""Pipe syntax: what each step computes, as the same in SQL without pipes."""

from __future__ import annotations

import pytest
import sqlglot
from small_lake import LAKE, model_file
from sqlglot.errors import ParseError

from aggregator.compile.pipes import names_are_lost, tree_of

CASES = {
    "a filter": ("FROM t |> WHERE a > 1", "SELECT * FROM t WHERE a > 1"),
    "a filter behind a LIMIT": (
        "FROM t |> LIMIT 3 |> WHERE a > 1",
        "WITH __tmp1 AS (SELECT * FROM t LIMIT 3) SELECT * FROM __tmp1 AS t WHERE a > 1",
    ),
    "a LIMIT behind another": (
        "FROM t |> LIMIT 3 |> LIMIT 5",
        "WITH __tmp1 AS (SELECT * FROM t LIMIT 3) SELECT * FROM __tmp1 AS t LIMIT 5",
    ),
    "a filter between an order and its LIMIT": (
        "FROM t |> ORDER BY a |> WHERE b |> LIMIT 3",
        "SELECT * FROM t WHERE b ORDER BY a LIMIT 3",
    ),
    "an order behind a LIMIT": (
        "FROM t |> ORDER BY a |> LIMIT 3 |> ORDER BY b",
        "WITH __tmp1 AS (SELECT * FROM t ORDER BY a LIMIT 3) SELECT * FROM __tmp1 AS t ORDER BY b",
    ),
    "distinct rows, counted": (
        "FROM t |> DISTINCT |> AGGREGATE COUNT(*) AS n",
        "WITH __tmp1 AS (SELECT DISTINCT * FROM t) SELECT COUNT(*) AS n FROM __tmp1 AS t",
    ),
    "a SELECT DISTINCT": (
        "FROM t |> SELECT DISTINCT a |> WHERE a > 1",
        "WITH __tmp1 AS (SELECT DISTINCT a FROM t) SELECT * FROM __tmp1 WHERE a > 1",
    ),
    "a SELECT with a named window": (
        "FROM t |> SELECT SUM(a) OVER w AS s WINDOW w AS (PARTITION BY b)",
        "SELECT SUM(a) OVER w AS s FROM t WINDOW w AS (PARTITION BY b)",
    ),
    "groups come first": (
        "FROM t |> AGGREGATE SUM(a) AS s GROUP BY b, c + 1 AS d",
        "SELECT b, c + 1 AS d, SUM(a) AS s FROM t GROUP BY b, c + 1",
    ),
    "a group that is called like a column": (
        "FROM t |> AGGREGATE SUM(a) AS s GROUP BY LOWER(b) AS b",
        "SELECT LOWER(b) AS b, SUM(a) AS s FROM t GROUP BY LOWER(b)",
    ),
    "groups alone": ("FROM t |> AGGREGATE GROUP BY b", "SELECT b FROM t GROUP BY b"),
    "groups that are sorted": (
        "FROM t |> AGGREGATE SUM(a) AS s GROUP AND ORDER BY b, c + 1 AS d DESC |> LIMIT 3",
        "SELECT b, c + 1 AS d, SUM(a) AS s FROM t GROUP BY b, c + 1 ORDER BY b, d DESC LIMIT 3",
    ),
    "an aggregate that sorts": (
        "FROM t |> AGGREGATE SUM(a) AS s DESC GROUP BY b",
        "SELECT b, SUM(a) AS s FROM t GROUP BY b ORDER BY s DESC",
    ),
    "aggregates of what is sorted": (
        "FROM t |> ORDER BY a |> AGGREGATE SUM(a) AS s",
        "WITH __tmp1 AS (SELECT * FROM t ORDER BY a) SELECT SUM(a) AS s FROM __tmp1 AS t",
    ),
    "steps behind a SELECT with groups": (
        "SELECT a, COUNT(*) AS n FROM t GROUP BY a |> EXTEND n + 1 AS m",
        "WITH __tmp1 AS (SELECT a, COUNT(*) AS n FROM t GROUP BY a) SELECT *, n + 1 AS m FROM __tmp1",
    ),
    "columns are added, changed, renamed and dropped": (
        "FROM d.t |> EXTEND a + 1 AS b |> SET a = b, c = NULL |> RENAME a AS e, b f |> DROP c, g",
        (
            "WITH __tmp1 AS (SELECT *, a + 1 AS b FROM d.t), "
            "__tmp2 AS (SELECT * REPLACE (b AS a, NULL AS c) FROM __tmp1 AS t), "
            "__tmp3 AS (SELECT * RENAME (a AS e, b AS f) FROM __tmp2 AS t) "
            "SELECT * EXCEPT (c, g) FROM __tmp3 AS t"
        ),
    ),
    "a table keeps its name": (
        "FROM d.t AS p |> EXTEND p.a AS b |> WHERE p.c > 1",
        "WITH __tmp1 AS (SELECT *, p.a AS b FROM d.t AS p) SELECT * FROM __tmp1 AS p WHERE p.c > 1",
    ),
    "a new name": (
        "FROM d.t AS p |> AS q |> JOIN u ON q.a = u.a",
        "WITH __tmp1 AS (SELECT * FROM d.t AS p) SELECT * FROM __tmp1 AS q JOIN u ON q.a = u.a",
    ),
    "a join keeps what was filtered": (
        "FROM t |> WHERE a |> FULL JOIN u USING (b)",
        "WITH __tmp1 AS (SELECT * FROM t WHERE a) SELECT * FROM __tmp1 AS t FULL JOIN u USING (b)",
    ),
    "a third table, joined by the name of the first": (
        "FROM t |> JOIN u USING (b) |> WHERE c |> JOIN v ON t.d = v.d",
        "SELECT * FROM t JOIN u USING (b) JOIN v ON t.d = v.d WHERE c",
    ),
    "a union of three": (
        "FROM t |> UNION ALL (SELECT a FROM u), (SELECT a FROM v) |> WHERE a",
        (
            "WITH __tmp1 AS (SELECT * FROM t), __tmp2 AS "
            "(SELECT * FROM __tmp1 UNION ALL SELECT a FROM u UNION ALL SELECT a FROM v) SELECT * FROM __tmp2 WHERE a"
        ),
    ),
    "a pivot of filtered rows": (
        "FROM t |> WHERE a |> PIVOT (SUM(b) FOR c IN ('x')) |> DROP x",
        (
            "WITH __tmp1 AS (SELECT * FROM t WHERE a), "
            "__tmp2 AS (SELECT * FROM __tmp1 AS t PIVOT(SUM(b) FOR c IN ('x'))) SELECT * EXCEPT (x) FROM __tmp2"
        ),
    ),
}


@pytest.mark.parametrize(("pipe", "same"), CASES.values(), ids=CASES)
def test_a_pipe_is_read_as_the_same_without(pipe: str, same: str) -> None:
    found = tree_of(pipe).sql(dialect="duckdb")
    assert found == sqlglot.parse_one(same, read="bigquery").sql(dialect="duckdb")


BROKEN = {
    "a column twice": ("FROM t |> DROP a, a", "a stands twice in DROP"),
    "a column twice, in another case": ("FROM t |> SET a = 1, A = 2", "A stands twice in SET"),
    "no value": ("FROM t |> SET a", "Expected ="),
    "a field": ("FROM t |> SET a.b = 1", "Expected ="),
    "no new name": ("FROM t |> RENAME a", "Expected a column"),
    "a column as it was before": ("FROM t |> SET a = 1 |> SELECT t.a", "the column as it was before SET"),
    "a word that is no operator": ("FROM t |> FOO a", "Unsupported pipe syntax operator: 'FOO'."),
    "half a join": ("FROM t |> LEFT a", "Unsupported pipe syntax operator: 'LEFT'."),
}


@pytest.mark.parametrize(("pipe", "said"), BROKEN.values(), ids=BROKEN)
def test_what_can_not_be_read(pipe: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        tree_of(pipe)
    assert caught.value.errors[0]["description"] == said


def test_another_query_may_use_a_column_by_the_same_name() -> None:
    tree_of("WITH x AS (FROM d.t AS p |> SET a = 1), y AS (SELECT p.a FROM d.u AS p) FROM x |> JOIN y USING (a)")


def test_names_of_several_tables_are_lost_in_with(compile_files) -> None:
    """What they stand for is not known then, and nothing is said against it."""
    pipe = (
        "FROM lake.flights AS f |> JOIN lake.weather AS w ON f.flight_date = w.observed |> EXTEND 1 AS one |> SELECT {}"
    )
    by_table, by_name = pipe.format("f.flight_date, one"), pipe.format("flight_date, one")
    assert names_are_lost(tree_of(by_table))
    assert not names_are_lost(tree_of(by_name))
    for sql in (by_table, by_name):
        text = model_file(sql, more="columns: {flight_date: {type: DATE}}\n")
        assert not compile_files({**LAKE, "models/marts/model.sql": text}).diagnostics
