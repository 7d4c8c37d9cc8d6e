"""Subqueries over one array in BigQuery's SQL, each with BigQuery's answer."""

from __future__ import annotations

from typing import Any

_LISTS = (
    "FROM (SELECT 1 AS k, [STRUCT(5 AS v, 2 AS n), STRUCT(1 AS v, 7 AS n), STRUCT(5 AS v, 1 AS n),"
    " STRUCT(NULL AS v, 4 AS n), STRUCT(3 AS v, NULL AS n)] AS h UNION ALL SELECT 2, NULL UNION ALL SELECT 3, [])"
)
_ONE = f"{_LISTS} WHERE k = 1"
_ITEMS = "UNNEST([3, NULL, 1, 3, NULL]) AS x"
_NOTHING = "UNNEST(CAST(NULL AS ARRAY<INT64>)) AS x"
_NULLS = "UNNEST([CAST(NULL AS INT64), NULL]) AS x"
_QUANTILE = (
    "(SELECT MIN(v) FROM (SELECT e.v AS v, SUM(e.n) OVER (ORDER BY e.v) AS n FROM UNNEST(h) AS e)"
    " WHERE n >= {share} * (SELECT SUM(e.n) FROM UNNEST(h) AS e))"
)

SCALARS: dict[str, tuple[str, Any]] = {
    "COUNT of rows": (f"k, (SELECT COUNT(*) FROM UNNEST(h) AS e) {_LISTS} ORDER BY k", [(1, 5), (2, 0), (3, 0)]),
    "COUNT of values": (f"k, (SELECT COUNT(e.v) FROM UNNEST(h) AS e) {_LISTS} ORDER BY k", [(1, 4), (2, 0), (3, 0)]),
    "COUNT of elements that are NULL": (f"(SELECT COUNT(x) FROM {_ITEMS})", 3),
    "COUNT of rows that are NULL": (f"(SELECT COUNT(*) FROM {_NULLS})", 2),
    "COUNT of a constant": (f"(SELECT COUNT(1) FROM {_NULLS})", 2),
    "COUNTIF": (f"k, (SELECT COUNTIF(e.n > 1) FROM UNNEST(h) AS e) {_LISTS} ORDER BY k", [(1, 3), (2, 0), (3, 0)]),
    "COUNTIF and WHERE": (f"(SELECT COUNTIF(e.n > 1) FROM UNNEST(h) AS e WHERE e.v = 5) {_ONE}", 1),
    "SUM": (f"k, (SELECT SUM(e.n) FROM UNNEST(h) AS e) {_LISTS} ORDER BY k", [(1, 14), (2, None), (3, None)]),
    "SUM of NULLs": (f"(SELECT SUM(x) FROM {_NULLS})", None),
    "SUM of nothing": (f"(SELECT SUM(x) FROM {_NOTHING})", None),
    "SUM of a constant": (f"(SELECT SUM(2) FROM {_ITEMS})", 10),
    "SUM of floats": ("(SELECT SUM(x / 2) FROM UNNEST([1, 2]) AS x)", 1.5),
    "MIN passes over NULL": (f"(SELECT MIN(x) FROM {_ITEMS})", 1),
    "MAX of an expression with a column of the row": (f"(SELECT MAX(e.n + k) FROM UNNEST(h) AS e) {_ONE}", 8),
    "MAX of NULLs": (f"(SELECT MAX(x) FROM {_NULLS})", None),
    "MIN of nothing that meets a condition": (f"(SELECT MIN(x) FROM {_ITEMS} WHERE x > 9)", None),
    "MAX of texts": ("(SELECT MAX(x) FROM UNNEST(['b', 'a', NULL]) AS x)", "b"),
    "a condition that is NULL is not met": (f"(SELECT COUNT(*) FROM {_ITEMS} WHERE x = 3 OR NULL)", 2),
    "an element that is NULL meets a condition": (f"(SELECT COUNT(*) FROM {_ITEMS} WHERE x IS NULL)", 2),
    "a field of a struct that is NULL": (
        "(SELECT COUNTIF(x.a IS NULL) FROM UNNEST([STRUCT(1 AS a), NULL]) AS x)",
        1,
    ),
    "an expression of several": (
        f"(SELECT IFNULL(SUM(e.n), 0) / COUNT(*) - MIN(e.v) FROM UNNEST(h) AS e WHERE e.v = 5) {_ONE}",
        -3.5,
    ),
    "a name that a column has, too": (f"(SELECT SUM(k.n) FROM UNNEST(h) AS k) {_ONE}", 14),
    "the name of the array": (f"(SELECT SUM(h.n) FROM UNNEST(h) AS h) {_ONE}", 14),
    "in another case": (f"(SELECT SUM(E.N) FROM UNNEST(H) AS e) {_ONE}", 14),
    "a column of a table that is called like it": (
        "(SELECT SUM(e + t.e) FROM UNNEST([1, 2]) AS e) FROM (SELECT 10 AS e) AS t",
        23,
    ),
    "fields of fields": ("(SELECT SUM(x.a.b) FROM UNNEST([STRUCT(STRUCT(4 AS b) AS a)]) AS x)", 4),
    "each with each": (
        f"(SELECT SUM((SELECT COUNT(*) FROM UNNEST(h) AS f WHERE f.n > e.n)) FROM UNNEST(h) AS e) {_ONE}",
        6,
    ),
    "an inner one of the same name": (
        f"(SELECT SUM((SELECT COUNT(*) FROM UNNEST(h) AS e WHERE e.n > 3)) FROM UNNEST(h) AS e) {_ONE}",
        10,
    ),
    "those with the greatest value": (
        f"(SELECT SUM(e.n) FROM UNNEST(h) AS e WHERE e.v = (SELECT MAX(f.v) FROM UNNEST(h) AS f)) {_ONE}",
        3,
    ),
    "of a query in FROM": (
        (
            "(SELECT MAX(twice) FROM (SELECT e.n * 2 AS twice, e.v FROM UNNEST(h) AS e WHERE e.n < 7) AS t"
            f" WHERE t.v = 5) {_ONE}"
        ),
        4,
    ),
    "of a query in FROM that hides a column": (
        f"(SELECT SUM(k) FROM (SELECT e.n AS k FROM UNNEST(h) AS e)) {_ONE}",
        14,
    ),
    "arrays of a query in FROM": (
        (
            f"(SELECT SUM(m) FROM (SELECT ARRAY(SELECT f.n * e.n FROM UNNEST(h) AS f) AS products, e.n AS m"
            f" FROM UNNEST(h) AS e) WHERE (SELECT MAX(x) FROM UNNEST(products) AS x) > 20) {_ONE}"
        ),
        11,
    ),
    "a quantile of counts": (
        f"k, {_QUANTILE.format(share=0.5)} {_LISTS} ORDER BY k",
        [(1, 1), (2, None), (3, None)],
    ),
    "a great quantile of counts": (f"{_QUANTILE.format(share=0.9)} {_ONE}", 5),
    "all of the counts": (f"{_QUANTILE.format(share=1.0)} {_ONE}", 5),
    "in an aggregate": (
        (
            f"DIV(k, 2) AS half, SUM((SELECT COUNT(*) FROM UNNEST(h) AS e WHERE e.n > k)) {_LISTS}"
            " GROUP BY half ORDER BY half"
        ),
        [(0, 3), (1, 0)],
    ),
    "in WHERE": (f"k {_LISTS} WHERE (SELECT COUNT(*) FROM UNNEST(h) AS e) > 1", 1),
    "where it is not reached, it does not fail": (
        (
            "IF(k = 1, (SELECT SUM(1 / x) FROM UNNEST(xs) AS x), 0) FROM (SELECT 1 AS k, [2] AS xs"
            " UNION ALL SELECT 2, [0]) ORDER BY k"
        ),
        [(0.5,), (0.0,)],
    ),
    "rows that a condition leaves out do not fail": ("(SELECT SUM(1 / x) FROM UNNEST([0, 2]) AS x WHERE x != 0)", 0.5),
    "in a condition of another query": (
        (
            "k, (SELECT MAX(a.x) FROM (SELECT 3 AS x UNION ALL SELECT 5) AS a"
            f" WHERE a.x < (SELECT MAX(e.n + k) FROM UNNEST(h) AS e)) {_LISTS} ORDER BY k"
        ),
        [(1, 5), (2, None), (3, None)],
    ),
    "with casts and bits": (
        "(SELECT SUM(CAST(x / 2 AS INT64) << 1) FROM UNNEST([1, 2, 3]) AS x WHERE BIT_COUNT(x) > 0)",
        8,
    ),
}
"""Queries that are one value."""

MADE: dict[str, tuple[str, Any]] = {
    "structs": (
        f"k, ARRAY(SELECT AS STRUCT e.v, e.n + k AS more FROM UNNEST(h) AS e WHERE e.n > 1) {_LISTS} ORDER BY k",
        [(1, [{"v": 5, "more": 3}, {"v": 1, "more": 8}, {"v": None, "more": 5}]), (2, []), (3, [])],
    ),
    "values": (f"ARRAY(SELECT x + 1 FROM {_ITEMS})", [4, None, 2, 4, None]),
    "the elements": (f"ARRAY(SELECT x FROM {_ITEMS} WHERE x > 0)", [3, 1, 3]),
    "of NULL": (f"ARRAY(SELECT x FROM {_NOTHING})", []),
    "of nothing that meets a condition": (f"ARRAY(SELECT x FROM {_ITEMS} WHERE FALSE)", []),
    "days that move": (
        (
            "ARRAY(SELECT AS STRUCT e.v, e.days << DATE_DIFF(DATE '2013-01-03', d, DAY) AS days FROM UNNEST(s) AS e)"
            " FROM (SELECT DATE '2013-01-01' AS d, [STRUCT('a' AS v, 3 AS days), STRUCT('b', 1)] AS s)"
        ),
        [{"v": "a", "days": 12}, {"v": "b", "days": 4}],
    ),
    "each once": (f"ARRAY(SELECT DISTINCT x FROM {_ITEMS} ORDER BY x)", [None, 1, 3]),
    "each once, backwards": (f"ARRAY(SELECT DISTINCT x FROM {_ITEMS} ORDER BY x DESC)", [3, 1, None]),
    "each once, of NULL": (f"ARRAY(SELECT DISTINCT x FROM {_NOTHING} ORDER BY x)", []),
    "each once, of some": (f"ARRAY(SELECT DISTINCT x FROM {_ITEMS} WHERE x > 1 ORDER BY x)", [3]),
    "each once, texts": ("ARRAY(SELECT DISTINCT x FROM UNNEST(['b', 'B', 'a', 'b']) AS x ORDER BY x)", ["B", "a", "b"]),
    "in order": (f"ARRAY(SELECT x FROM {_ITEMS} ORDER BY x)", [None, None, 1, 3, 3]),
    "backwards": (f"ARRAY(SELECT x FROM {_ITEMS} ORDER BY x DESC)", [3, 3, 1, None, None]),
    "running sums, with those of the same key": (
        (
            "(SELECT COUNTIF(n = 4) + 10 * COUNTIF(n = 11) + 100 * COUNTIF(n = 14) FROM"
            f" (SELECT SUM(e.n) OVER (ORDER BY e.v) AS n FROM UNNEST(h) AS e)) {_ONE}"
        ),
        221,
    ),
    "running sums of NULLs are NULL": (
        "(SELECT COUNT(n) FROM (SELECT SUM(x) OVER (ORDER BY x) AS n FROM UNNEST([NULL, 2, NULL]) AS x))",
        1,
    ),
    "running sums of NUMERIC": (
        "(SELECT MAX(n) FROM (SELECT SUM(CAST(x AS NUMERIC)) OVER (ORDER BY x) AS n FROM UNNEST([1, 2]) AS x)) = 3",
        True,
    ),
    "put together": (
        f"ARRAY_LENGTH(ARRAY_CONCAT_AGG(ARRAY(SELECT e.v FROM UNNEST(h) AS e WHERE e.v > 1))) {_LISTS}",
        3,
    ),
}
"""Queries that are an array, and running sums."""

LEFT_AS_THEY_ARE: dict[str, tuple[str, Any]] = {
    "a table": ("x FROM (SELECT SUM(x) AS x FROM UNNEST([1, 2]) AS x)", 3),
    "after IN": ("1 IN (SELECT MIN(x) FROM UNNEST([1, 2]) AS x)", True),
    "after EXISTS": ("EXISTS(SELECT SUM(x) FROM UNNEST([1, 2]) AS x)", True),
    "DISTINCT": ("(SELECT SUM(DISTINCT x) FROM UNNEST([2, 2]) AS x)", 2),
    "DISTINCT, counted": ("(SELECT COUNT(DISTINCT x) FROM UNNEST([2, 2]) AS x)", 1),
    "other aggregates": ("(SELECT AVG(x) FROM UNNEST([2, 4]) AS x)", 3.0),
    "no aggregate": ("(SELECT x FROM UNNEST([2]) AS x WHERE x > 1)", 2),
    "no aggregate of all": ("ARRAY(SELECT SUM(x) FROM UNNEST([2, 4]) AS x)", [6]),
    "groups": ("ARRAY(SELECT x FROM UNNEST([2, 2]) AS x GROUP BY x)", [2]),
    "groups of a sum": ("(SELECT SUM(x) FROM UNNEST([2, 2]) AS x GROUP BY x)", 4),
    "HAVING": ("(SELECT SUM(x) FROM UNNEST([2, 2]) AS x HAVING SUM(x) > 9)", None),
    "LIMIT": ("ARRAY(SELECT x FROM UNNEST([2, 1]) AS x ORDER BY x LIMIT 1)", [1]),
    "ordered by something else": ("ARRAY(SELECT x FROM UNNEST([2, 1, 3]) AS x ORDER BY -x)", [3, 2, 1]),
    "positions": ("(SELECT MAX(i) FROM UNNEST([5, 6]) AS x WITH OFFSET AS i)", 1),
    "two arrays": ("(SELECT SUM(x * y) FROM UNNEST([1, 2]) AS x, UNNEST([3, 4]) AS y)", 21),
    "a query of an array in a condition": (
        "(SELECT SUM(x) FROM UNNEST([1, 2]) AS x WHERE x IN (SELECT y FROM UNNEST([2, 3]) AS y))",
        2,
    ),
    "a table in a condition": (
        "(SELECT SUM(x) FROM UNNEST([1, 2]) AS x WHERE x > (SELECT MIN(a) FROM (SELECT 1 AS a)))",
        2,
    ),
    "running sums of one part each": (
        "(SELECT MAX(n) FROM (SELECT SUM(x) OVER (PARTITION BY x ORDER BY x) AS n FROM UNNEST([1, 2]) AS x))",
        2,
    ),
    "running sums by rows": (
        "(SELECT MIN(n) FROM (SELECT SUM(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING) AS n FROM UNNEST([1, 1]) AS x))",
        1,
    ),
    "running sums backwards": (
        "(SELECT MIN(n) FROM (SELECT SUM(x) OVER (ORDER BY x DESC) AS n FROM UNNEST([1, 2]) AS x))",
        2,
    ),
    "fields without the name of the element": (
        "(SELECT SUM(a) FROM UNNEST([STRUCT(1 AS a), STRUCT(2 AS a)]))",
        3,
    ),
}
"""Queries that are no functions of a list, or not known to be."""

_ABSENT = -99


def _shown(sql: str, expected: Any) -> tuple[str, Any]:
    """The reference engine gives no arrays with NULLs, but it reads them."""
    if not isinstance(expected, list) or None not in expected:
        return sql, expected
    query = f"ARRAY(SELECT IFNULL(y, {_ABSENT}) FROM UNNEST({sql}) AS y WITH OFFSET AS i ORDER BY i)"
    return query, [_ABSENT if each is None else each for each in expected]


LISTED = {
    f"{kind}: {title}": _shown(*case)
    for kind, cases in (("value", SCALARS), ("array", MADE), ("left as it is", LEFT_AS_THEY_ARE))
    for title, case in cases.items()
}
"""What Google's reference engine can compute, too."""
