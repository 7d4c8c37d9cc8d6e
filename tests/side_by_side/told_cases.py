"""Queries of which names and types of columns are compared, too, with what compiling says: see ``agreed_cases.py``."""
# ruff: noqa: E501  (a query reads best on its line)

from __future__ import annotations

TOLD: dict[str, tuple[str, ...]] = {
    "columns of pivots": (
        "SELECT * FROM (SELECT p, i, f FROM t) PIVOT (SUM(f) FOR i IN (-1, 0, 1))",
        "SELECT p, minus_1, _0 + 1 AS v FROM (SELECT p, i, f FROM t) PIVOT (SUM(f) FOR i IN (-1, 0, 1))",
        "SELECT p, q_minus_1, q_one FROM (SELECT p, i, f FROM t) PIVOT (SUM(f) AS q FOR i IN (-1, 0, 1 AS one))",
        "SELECT `true`, `false` FROM (SELECT p, b, f FROM t) PIVOT (SUM(f) FOR b IN (TRUE, FALSE))",
        "SELECT p, q_true, q_NULL FROM (SELECT p, b, i FROM t) PIVOT (SUM(i) AS q FOR b IN (TRUE, FALSE, NULL))",
        "SELECT * FROM (SELECT p, n, f FROM t) PIVOT (SUM(f) FOR n IN (NUMERIC '1.50', NUMERIC '-2'))",
        "SELECT q_2013_01_01, q_2014_01_01 FROM (SELECT p, d, f FROM t) PIVOT (SUM(f) AS q FOR d IN (DATE '2013-01-01', '2014-01-01'))",
        "SELECT p, _2013_01_01 FROM (SELECT p, DATE_TRUNC(d, YEAR) AS d, i FROM t) PIVOT (SUM(i) FOR d IN (DATE '2013-01-01', '2014-01-01'))",
        "SELECT * FROM (SELECT p, s, f FROM t) PIVOT (SUM(f) FOR s IN ('a b', 'é', '', NULL, '1'))",
        "SELECT * FROM (SELECT p, s, f FROM t) PIVOT (SUM(f) AS q FOR s IN ('a b', 'é'))",
        "SELECT * FROM (SELECT p, b, c, i FROM t) PIVOT (SUM(i) AS v FOR (b, c) IN ((TRUE, TRUE), (FALSE, TRUE)))",
        "SELECT p, x.a_1, c_2 FROM (SELECT p, i, k FROM t) PIVOT (SUM(k) AS a, MAX(k) AS c FOR i IN (1, 2)) AS x",
        "SELECT x.* EXCEPT (p) FROM (SELECT p, i, k FROM t) PIVOT (SUM(k) AS a, MAX(k) AS c FOR i IN (1, 2)) AS x ORDER BY p",
        "SELECT p, q_1 + q_2 AS v FROM (SELECT p, EXTRACT(QUARTER FROM d) AS q, i FROM t) PIVOT (SUM(i) AS q FOR q IN (1, 2))",
        "SELECT y.p, y.a_1, o.k FROM t AS o JOIN (SELECT p, i, k FROM t) PIVOT (SUM(k) AS a, MAX(k) AS c FOR i IN (1, 2)) AS y ON y.p = o.k",
        "SELECT * FROM (SELECT k, i, j, f, g FROM t) UNPIVOT ((x1, y1) FOR name IN ((i, f), (j, g)))",
        "SELECT * FROM (SELECT k, i, j, f, g FROM t) UNPIVOT INCLUDE NULLS ((x1, y1) FOR name IN ((i, f) AS 1, (j, g) AS 2))",
        "SELECT k, name, y1 FROM (SELECT k, i, j, f, g FROM t) UNPIVOT ((x1, y1) FOR name IN ((i, f) AS 'one', (j, g) AS 'two')) WHERE name = 'two'",
        "WITH x AS (SELECT p, b, i FROM t) SELECT p, s1_true FROM x PIVOT (SUM(i) AS s1, COUNT(*) AS c1 FOR b IN (TRUE, FALSE))",
        "FROM t |> SELECT p, b, i |> PIVOT (SUM(i) AS s1, COUNT(*) AS c1 FOR b IN (TRUE, FALSE)) |> SELECT p, c1_true",
    ),
}
"""By what they are about."""
