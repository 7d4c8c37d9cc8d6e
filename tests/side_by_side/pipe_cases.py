"""Pipe syntax: steps in every order, what each hands on, and names that live on."""

from __future__ import annotations

PIPES: dict[str, tuple[str, ...]] = {
    "pipes": (
        "FROM t |> ORDER BY k |> LIMIT 6 |> WHERE i > 1",
        "FROM t |> ORDER BY k |> LIMIT 6 |> AGGREGATE COUNT(*) AS c, SUM(i) AS v",
        "FROM t |> ORDER BY k DESC |> LIMIT 6 |> ORDER BY k |> LIMIT 3",
        "FROM t |> WHERE i > 1 |> ORDER BY k |> LIMIT 5 |> LIMIT 3 OFFSET 1",
        "FROM t |> SELECT p, b |> DISTINCT |> AGGREGATE COUNT(*) AS c",
        "FROM t |> SELECT DISTINCT p, b |> AGGREGATE COUNT(*) AS c GROUP BY b",
        "FROM t |> SELECT k, i, b |> SET i = i + 1, b = NOT b |> WHERE i > 1",
        "FROM t |> SELECT k, i, s |> SET i = IFNULL(i, 0) |> SET i = i * 2, s = CONCAT(s, CAST(i AS STRING))",
        "FROM t |> SELECT k, i, s, u |> DROP s, u |> WHERE k > 3",
        "FROM t |> SELECT k, i, s |> RENAME i AS number, s word |> WHERE number > 1 |> DROP k",
        "FROM t |> SELECT k, i |> RENAME i AS k2, k AS i |> WHERE i > 5",
        "FROM t AS x |> EXTEND x.i + 1 AS l |> SET k = x.k * 2 |> WHERE x.i > 0 |> SELECT k, l, x.p",
        "FROM t |> EXTEND i + 1 AS l |> EXTEND l * 2 AS m2 |> SELECT k, l, m2, t.p",
        "FROM t |> EXTEND SUM(k) OVER (PARTITION BY p ORDER BY k) AS v |> WHERE v > 10 |> SELECT k, v",
        "FROM t |> WHERE k > 3 |> EXTEND COUNT(*) OVER (PARTITION BY p) AS v |> SELECT k, v",
        "FROM t |> AGGREGATE COUNT(*) AS c, SUM(i) AS v GROUP BY LOWER(s) AS s",
        "FROM t |> AGGREGATE COUNT(*) AS c GROUP BY MOD(k, 3) AS k, b |> WHERE k = 1",
        "FROM t |> AGGREGATE COUNT(*) AS c GROUP AND ORDER BY p DESC |> LIMIT 2",
        "FROM t |> AGGREGATE SUM(k) AS v GROUP AND ORDER BY MOD(k, 3) AS r |> LIMIT 2",
        "FROM t |> AGGREGATE SUM(k) AS v DESC GROUP BY p |> LIMIT 1",
        "FROM t |> AGGREGATE GROUP BY p, b",
        "FROM t |> AGGREGATE COUNT(*) AS c",
        "FROM t |> AGGREGATE COUNT(*) AS c GROUP BY p |> AGGREGATE MAX(c) AS v, COUNT(*) AS n2",
        "SELECT p, COUNT(*) AS c FROM t GROUP BY p |> EXTEND c * 2 AS v |> WHERE v > 4",
        "SELECT k, i FROM t WHERE i > 0 ORDER BY k LIMIT 5 |> AGGREGATE SUM(i) AS v",
        "FROM t |> AS x |> JOIN t AS o ON x.k = o.p |> SELECT x.k, o.i",
        (
            "FROM t |> WHERE b |> LEFT JOIN (SELECT p AS q, COUNT(*) AS n2 FROM t GROUP BY p) AS o ON t.k = o.q"
            " |> SELECT k, n2"
        ),
        "FROM t |> WHERE k > 8 |> FULL JOIN (SELECT k + 3 AS q, i AS hh FROM t) AS o ON t.k = o.q |> SELECT k, q, hh",
        "FROM t |> WHERE k > 8 |> RIGHT JOIN (SELECT k + 3 AS q, i AS hh FROM t) AS o ON t.k = o.q |> SELECT k, q, hh",
        (
            "FROM t |> SELECT k, p |> UNION ALL (SELECT k, i FROM t), (FROM t"
            " |> SELECT i, k) |> AGGREGATE COUNT(*) AS c GROUP BY k"
        ),
        "FROM t |> SELECT p |> EXCEPT DISTINCT (SELECT i FROM t)",
        "FROM t |> SELECT p |> INTERSECT DISTINCT (SELECT i FROM t)",
        "FROM t |> WHERE k > 3 |> SELECT p, s, i |> PIVOT (SUM(i) FOR s IN ('a', 'ab' AS other)) |> WHERE a > 0",
        "FROM t |> SELECT k, f, g |> UNPIVOT (v FOR name IN (f, g)) |> WHERE v > 0 |> DROP name",
        "FROM t |> SELECT k, SUM(i) OVER w AS v WINDOW w AS (PARTITION BY p ORDER BY k)",
        (
            "WITH x AS (FROM t |> WHERE i > 0 |> SELECT k, i) FROM x |> JOIN (FROM t"
            " |> SELECT k, p) AS y USING (k) |> AGGREGATE SUM(i) AS v GROUP BY p"
        ),
        "SELECT v FROM (FROM t |> AGGREGATE COUNT(*) AS v GROUP BY p) WHERE v > 1",
        "SELECT k, (FROM UNNEST(a) AS e |> WHERE e > 0 |> AGGREGATE COUNT(*)) AS v FROM t",
        "SELECT k, EXISTS(FROM UNNEST(a) AS e |> WHERE e > 1) AS v FROM t",
        "FROM t, UNNEST(a) AS each |> WHERE each > 0 |> AGGREGATE SUM(each) AS v GROUP BY p",
        "FROM t |> CROSS JOIN UNNEST(a) AS each |> AGGREGATE SUM(each) AS v GROUP BY p",
        "FROM UNNEST([1, 2, 3]) AS e |> WHERE e > 1 |> SELECT e * 2 AS v",
    ),
}
