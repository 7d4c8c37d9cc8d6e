"""Names that could stand for several things: columns, outputs and FROM items."""

from __future__ import annotations

NAMES: dict[str, tuple[str, ...]] = {
    "names that hide others": (
        "SELECT k, -i AS i FROM t ORDER BY i + 0, k LIMIT 5",
        "SELECT k, -i AS i FROM t ORDER BY ABS(i + 3), k LIMIT 5",
        "SELECT k, -k AS i FROM t ORDER BY CASE WHEN i < -5 THEN 1 ELSE 0 END, k LIMIT 3",
        "SELECT k, -i AS i FROM t ORDER BY t.i, k LIMIT 5",
        "SELECT k AS i, i AS k FROM t ORDER BY k + i, i LIMIT 4",
        "SELECT d AS ts, ts AS d FROM t ORDER BY DATE(d), ts LIMIT 4",
        "SELECT k, IF(i > 0, 'a', 'b') AS s, COUNT(*) OVER (PARTITION BY s) AS n1 FROM t ORDER BY s || 'x', k LIMIT 5",
        "SELECT k, MOD(p, 2) AS p FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY p ORDER BY k) = 1",
        "SELECT k, i AS v, RANK() OVER (ORDER BY i) AS i FROM t QUALIFY i < 3",
        "SELECT k, RANK() OVER (ORDER BY i) AS i FROM t QUALIFY RANK() OVER (ORDER BY t.i) < 3",
        "SELECT p AS i, SUM(i) AS v FROM t GROUP BY p HAVING SUM(i) > 3",
        "SELECT p AS q, MAX(i) AS p FROM t GROUP BY q HAVING p > 3",
        "SELECT p AS q, MAX(i) AS p FROM t GROUP BY 1 ORDER BY p",
        "SELECT p, -SUM(i) AS i FROM t GROUP BY p HAVING i > 3",
        "SELECT p, SUM(i) AS i FROM t GROUP BY p HAVING SUM(t.i) > 3",
        "SELECT p, SUM(i) AS i FROM t GROUP BY p ORDER BY SUM(t.i)",
        "SELECT p, SUM(k) AS k FROM t GROUP BY p HAVING k > 10 ORDER BY k + p",
        "SELECT p, MIN(k) AS k FROM t GROUP BY p HAVING k > 1 AND COUNT(*) > 1 ORDER BY -k",
        "SELECT p, COUNT(*) AS c FROM t GROUP BY p ORDER BY c * -1, p LIMIT 3",
        "SELECT p, ARRAY_AGG(k ORDER BY k) AS k FROM t GROUP BY p ORDER BY k[OFFSET(0)]",
        "SELECT LOWER(s) AS s, COUNT(*) AS n1 FROM t GROUP BY s HAVING s != 'a' ORDER BY UPPER(s)",
        "SELECT p AS k FROM t GROUP BY p ORDER BY MAX(k)",
        "SELECT k, STRUCT(-k AS x) AS st FROM t ORDER BY st.x LIMIT 3",
        "SELECT STRUCT(-k AS k) AS t FROM t ORDER BY t.k LIMIT 2",
        "SELECT STRUCT(k AS x1) AS st FROM t ORDER BY st.x1 DESC LIMIT 3",
        "SELECT k, s AS st, st AS s FROM t ORDER BY s.x, k LIMIT 3",
        "SELECT p, STRUCT(MAX(i) AS m1) AS v FROM t GROUP BY p HAVING v.m1 > 1 ORDER BY v.m1",
        "SELECT k, e FROM t, UNNEST(a) AS e WHERE k < 4",
        "SELECT k, off, e FROM t, UNNEST(a) AS e WITH OFFSET AS off WHERE off > 0",
        "SELECT k, i.v FROM t, UNNEST([STRUCT(9 AS v)]) AS i WHERE k < 3",
    ),
    "stars over USING": (
        "SELECT * FROM (SELECT i AS o, k FROM t) AS a JOIN (SELECT i AS x1, k FROM t) AS b USING (k)",
        "SELECT * FROM (SELECT i AS o, k, p FROM t) AS a JOIN (SELECT i AS x1, k, p FROM t) AS b USING (p, k)",
        (
            "SELECT * EXCEPT (k) FROM (SELECT i AS o, k, p FROM t) AS a"
            " JOIN (SELECT i AS x1, k, p FROM t) AS b USING (p, k)"
        ),
        (
            "SELECT * REPLACE (k + 1 AS k) FROM (SELECT i AS o, k FROM t) AS a"
            " JOIN (SELECT i AS x1, k FROM t) AS b USING (k)"
        ),
        "SELECT * FROM (SELECT i AS o, k FROM t) AS a FULL JOIN (SELECT i AS x1, k + 3 AS k FROM t) AS b USING (k)",
        "SELECT * FROM (SELECT i AS o, k FROM t) AS a RIGHT JOIN (SELECT i AS x1, k + 3 AS k FROM t) AS b USING (k)",
        (
            "SELECT * FROM (SELECT i AS o, k, p FROM t) AS a JOIN (SELECT i AS x1, k FROM t) AS b USING (k)"
            " JOIN (SELECT j AS y1, p FROM t WHERE k < 5) AS c USING (p)"
        ),
        (
            "SELECT * FROM (SELECT i AS o, k FROM t) AS a CROSS JOIN (SELECT i AS x1, p FROM t WHERE k < 3) AS b"
            " JOIN (SELECT j AS y1, p FROM t WHERE k < 5) AS c USING (p)"
        ),
        (
            "SELECT * FROM (SELECT i AS o, k FROM t) AS a JOIN ((SELECT i AS x1, k, p FROM t) AS b"
            " JOIN (SELECT j AS y1, p FROM t WHERE k < 5) AS c USING (p)) USING (k)"
        ),
        (
            "SELECT * FROM (SELECT * FROM (SELECT i AS o, k FROM t) AS a JOIN (SELECT i AS x1, k FROM t) AS b USING (k)"
            " UNION ALL SELECT k, i, j FROM t)"
        ),
    ),
    "operators in a row": (
        "SELECT 1 | 2 & 4 AS v, 1 + 2 << 1 AS w, 5 & 3 = 1 AS x1, ~1 + 1 AS y1, 6 ^ 3 | 8 AS z1",
        "SELECT ~p + 1 AS v, ~(p + 1) AS w, - ~p AS x1, ~ -p AS y1, ~p * 2 AS z1, ~p = 1 AS z3, ~p & 3 AS z6 FROM t",
        "SELECT NOT TRUE = FALSE AS v, NOT FALSE AND FALSE AS w, -2 * -3 AS x1, 2 - -3 AS y1, NOT 1 IN (1, 2) AS z1",
        "SELECT 7 - 2 - 1 AS v, 8 / 4 / 2 AS w, 2 * 3 / 4 AS x1, 1 - 2 * 3 AS y1",
        "SELECT k, (SELECT i) AS v, EXISTS(SELECT i) AS w, k IN (SELECT i) AS x1 FROM t",
        "SELECT FORMAT('%d%%', p) AS v FROM t",
    ),
}
