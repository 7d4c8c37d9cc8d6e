"""Aggregates, arrays, bits and sketches in BigQuery's SQL, each with BigQuery's answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlglot import exp

FAILS = "fails"
"""BigQuery refuses to answer."""

_SEATS = (
    "FROM (SELECT 1 AS k, 10 AS seats, 1 AS ts UNION ALL SELECT 1, 20, 2 UNION ALL SELECT 1, 30, 2"
    " UNION ALL SELECT 1, NULL, 3 UNION ALL SELECT 2, 40, NULL)"
)
_SETS = (
    "FROM (SELECT 1 AS k, [3, 1] AS xs UNION ALL SELECT 2, [1, 2] UNION ALL SELECT 3, NULL"
    " UNION ALL SELECT 4, CAST([] AS ARRAY<INT64>))"
)
_COUNTS = (
    "FROM (SELECT 'a' AS k, [STRUCT(5 AS value, 2 AS n), STRUCT(1 AS value, 7 AS n), STRUCT(5 AS value, 1 AS n)] AS h"
    " UNION ALL SELECT 'b', [STRUCT(9 AS value, 1 AS n)] UNION ALL SELECT 'c', NULL)"
)
_DAYS = "FROM (SELECT [STRUCT('x' AS entity, 128 AS days), STRUCT('y' AS entity, 3 AS days)] AS entity_days)"
_ORDERS = "FROM (SELECT 1 AS k, 'red' AS v, 10 AS w UNION ALL SELECT 1, NULL, 20 UNION ALL SELECT 1, 'blue', 5)"

ARRAYS: dict[type[exp.Expr], dict[str, tuple[str, Any]]] = {
    exp.ArrayAgg: {
        "the first two": (f"ARRAY_AGG(seats ORDER BY seats DESC LIMIT 2) {_SEATS} WHERE seats > 0", [40, 30]),
        "LIMIT beyond the end": (f"ARRAY_AGG(seats ORDER BY seats LIMIT 9) {_SEATS} WHERE k = 2", [40]),
        "of no rows": (f"ARRAY_AGG(seats LIMIT 1) IS NULL {_SEATS} WHERE k = 3", True),
        "the distinct ones, in order": ("ARRAY_AGG(DISTINCT x ORDER BY x DESC) FROM UNNEST([2, 1, 2]) AS x", [2, 1]),
    },
    exp.IgnoreNulls: {
        "in ascending order": (f"ARRAY_AGG(seats IGNORE NULLS ORDER BY seats) {_SEATS}", [10, 20, 30, 40]),
        "the distinct ones": (
            "ARRAY_AGG(DISTINCT x IGNORE NULLS ORDER BY x) FROM UNNEST(['b', NULL, 'a', 'b']) AS x",
            ["a", "b"],
        ),
        "only NULLs": ("ARRAY_AGG(x IGNORE NULLS) IS NULL FROM UNNEST([CAST(NULL AS INT64)]) AS x", True),
        "the latest, by two keys": (
            (
                "ARRAY_AGG(IF(ts IS NULL, NULL, seats) IGNORE NULLS ORDER BY ts DESC, seats DESC LIMIT 1)"
                f"[SAFE_OFFSET(0)] {_SEATS}"
            ),
            30,
        ),
        "the latest of each": (
            (
                "k, ARRAY_AGG(IF(ts IS NULL, NULL, seats) IGNORE NULLS ORDER BY ts DESC, seats LIMIT 1)[SAFE_OFFSET(0)]"
                f" AS s {_SEATS} GROUP BY k ORDER BY k"
            ),
            [(1, 20), (2, None)],
        ),
        "a NULL key goes first": (f"ARRAY_AGG(seats IGNORE NULLS ORDER BY ts, seats LIMIT 2) {_SEATS}", [40, 10]),
        "a NULL key goes last, backwards": (
            f"ARRAY_AGG(seats IGNORE NULLS ORDER BY ts DESC, seats) {_SEATS}",
            [20, 30, 10, 40],
        ),
        "an item without LIMIT": (f"ARRAY_AGG(seats IGNORE NULLS ORDER BY seats)[SAFE_OFFSET(1)] {_SEATS}", 20),
        "over a window": (
            "x, ARRAY_LENGTH(ARRAY_AGG(x IGNORE NULLS) OVER (ORDER BY x)) FROM UNNEST([1, NULL, 2]) AS x ORDER BY x",
            [(None, None), (1, 1), (2, 2)],
        ),
        "of structs": (
            "ARRAY_AGG(IF(n > 0, STRUCT(n AS n, -n AS m), NULL) IGNORE NULLS ORDER BY n) FROM UNNEST([2, 0, 1]) AS n",
            [{"n": 1, "m": -1}, {"n": 2, "m": -2}],
        ),
        "the last value": ("LAST_VALUE(x IGNORE NULLS) OVER (ORDER BY y) FROM (SELECT 7 AS x, 1 AS y)", 7),
    },
    exp.ArrayConcatAgg: {
        "in order": (f"ARRAY_CONCAT_AGG(xs ORDER BY k) {_SETS}", [3, 1, 1, 2]),
        "the last one, of those that are not NULL": (f"ARRAY_CONCAT_AGG(xs ORDER BY k DESC LIMIT 2) {_SETS}", [1, 2]),
        "only NULLs": (f"ARRAY_CONCAT_AGG(xs) IS NULL {_SETS} WHERE k = 3", True),
        "no rows": (f"ARRAY_CONCAT_AGG(xs) IS NULL {_SETS} WHERE k = 9", True),
        "an empty one": (f"ARRAY_LENGTH(ARRAY_CONCAT_AGG(xs)) {_SETS} WHERE k > 2", 0),
        "each value once": (
            (
                f"ARRAY(SELECT DISTINCT v FROM UNNEST(all_of_them) AS v ORDER BY v) FROM"
                f" (SELECT ARRAY_CONCAT_AGG(xs) AS all_of_them {_SETS})"
            ),
            [1, 2, 3],
        ),
        "of nothing, nothing": (
            (
                f"ARRAY(SELECT DISTINCT v FROM UNNEST(all_of_them) AS v ORDER BY v) FROM"
                f" (SELECT ARRAY_CONCAT_AGG(xs) AS all_of_them {_SETS} WHERE k = 3)"
            ),
            [],
        ),
    },
    exp.Select: {
        "grouped by an output that hides a column": (
            "DIV(x, 5) AS x, COUNT(*) AS n FROM UNNEST([1, 2, 6]) AS x GROUP BY x ORDER BY x",
            [(0, 2), (1, 1)],
        ),
        "with HAVING": (
            "DIV(x, 5) AS x, COUNT(*) AS n FROM UNNEST([1, 2, 6]) AS x GROUP BY x HAVING n > 1 ORDER BY x",
            [(0, 2)],
        ),
        "with HAVING of that": (
            "DIV(x, 5) AS x, COUNT(*) AS n FROM UNNEST([1, 2, 6]) AS x GROUP BY X HAVING x > 0 ORDER BY x DESC",
            [(1, 1)],
        ),
        "by month, and beside it": (
            (
                "k, DATE_TRUNC(d, MONTH) AS d, COUNT(*) AS n FROM (SELECT 1 AS k, DATE '2013-01-05' AS d UNION ALL"
                " SELECT 1, DATE '2013-01-06' UNION ALL SELECT 2, DATE '2013-01-06') GROUP BY k, d ORDER BY k"
            ),
            [(1, date(2013, 1, 1), 2), (2, date(2013, 1, 1), 1)],
        ),
        "grouped by the column itself": (
            "MAX(t.x) AS y, DIV(x, 5) AS x FROM (SELECT 1 AS x UNION ALL SELECT 2) AS t GROUP BY t.x ORDER BY y",
            [(1, 0), (2, 0)],
        ),
        "ordered by a sum": (
            (
                f"k, ARRAY(SELECT AS STRUCT value, SUM(n) AS n FROM UNNEST(h) GROUP BY value ORDER BY n) AS h {_COUNTS}"
                " ORDER BY k"
            ),
            [("a", [{"value": 5, "n": 3}, {"value": 1, "n": 7}]), ("b", [{"value": 9, "n": 1}]), ("c", [])],
        ),
        "ordered by what is called like a column": (
            f"ARRAY(SELECT AS STRUCT -value AS value FROM UNNEST(h) ORDER BY value) {_COUNTS} WHERE k = 'a'",
            [{"value": -5}, {"value": -5}, {"value": -1}],
        ),
        "grouped by what is called like a column": (
            (
                "ARRAY(SELECT AS STRUCT DIV(value, 5) AS value, SUM(n) AS n FROM UNNEST(h) GROUP BY value"
                f" ORDER BY value) {_COUNTS} WHERE k = 'a'"
            ),
            [{"value": 0, "n": 7}, {"value": 1, "n": 3}],
        ),
        "backwards, the first": (
            f"ARRAY(SELECT AS STRUCT value, n FROM UNNEST(h) ORDER BY n DESC LIMIT 1) {_COUNTS} WHERE k = 'a'",
            [{"value": 1, "n": 7}],
        ),
    },
}

BITS: dict[type[exp.Expr], dict[str, tuple[str, Any]]] = {
    exp.BitwiseLeftShift: {
        "by three": ("5 << 3", 40),
        "into the sign": ("1 << 63", -(2**63)),
        "out of it": ("3 << 63", -(2**63)),
        "by 64": ("5 << 64", 0),
        "by more": ("-1 << 1000", 0),
        "by a negative number": ("1 << x FROM UNNEST([-1]) AS x", FAILS),
        "by NULL": ("1 << CAST(NULL AS INT64)", None),
        "days later": (
            (
                "BIT_OR(bits << DATE_DIFF(DATE '2013-03-01', day, DAY)) FROM (SELECT 1 AS bits,"
                " DATE '2013-03-01' AS day UNION ALL SELECT 3, DATE '2013-02-27' UNION ALL SELECT 1, DATE '2012-12-01')"
            ),
            1 | 3 << 2,
        ),
    },
    exp.BitwiseRightShift: {
        "by one": ("40 >> 1", 20),
        "a negative number": ("-1 >> 1", 2**63 - 1),
        "by 64": ("-1 >> 64", 0),
    },
    exp.BitwiseCount: {
        "of two": ("BIT_COUNT(-1) * BIT_COUNT(-1)", 4096),
        "of nothing": ("BIT_COUNT(0)", 0),
        "of NULL": ("BIT_COUNT(CAST(NULL AS INT64))", None),
        "summed": ("SUM(BIT_COUNT(x)) FROM UNNEST([3, 4]) AS x", 3),
    },
}

PRECEDENCE: dict[str, tuple[str, Any]] = {
    "AND before OR": ("1 | 2 & 4", 1),
    "AND before OR, in columns": ("x | 2 & y FROM (SELECT 8 AS x, 6 AS y)", 10),
    "AND before XOR": ("5 ^ 3 & 6", 7),
    "XOR before OR": ("1 | 1 ^ 1", 1),
    "shifts before AND": ("7 & 1 << 1", 2),
    "shifts before OR, sums before shifts": ("1 | 1 << 1 + 1", 5),
    "from left to right": ("1 << 2 << 1 | 1", 9),
    "inside of a function": ("BIT_COUNT(1 | 2 & 4)", 1),
    "as it is in parentheses": ("(1 | 2) & 4", 0),
    "and inside of them": ("8 & (1 | 8 & 8)", 8),
    "on the right": ("(6 & 3) & 2", 2),
    "before a comparison": ("6 & 1 = 0", True),
    "after NOT": ("~5 & 3", 2),
    "of a negative number": ("-1 & 127", 127),
    "of NULL": ("1 | CAST(NULL AS INT64)", None),
}
"""Operators on bits that stand in a row."""

FIELDS: dict[str, tuple[str, Any]] = {
    "fields of what has no name": (f"(SELECT COUNTIF(days & 127 != 0) FROM UNNEST(entity_days)) {_DAYS}", 1),
    "of nothing": ("(SELECT COUNTIF(a > 0) FROM UNNEST(CAST([] AS ARRAY<STRUCT<a INT64>>)))", 0),
    "a quantile of counts": (
        (
            "k, (SELECT MIN(value) FROM (SELECT value, SUM(n) OVER (ORDER BY value) AS upto, SUM(n) OVER () AS total"
            f" FROM UNNEST(h)) WHERE upto >= 0.9 * total) AS p90 {_COUNTS} ORDER BY k"
        ),
        [("a", 5), ("b", 9), ("c", None)],
    ),
    "joined to each row": (f"k, n {_COUNTS} CROSS JOIN UNNEST(h) WHERE n > 1 ORDER BY n", [("a", 2), ("a", 7)]),
    "joined, or nothing": (f"k, n {_COUNTS} LEFT JOIN UNNEST(h) WHERE k != 'a' ORDER BY k", [("b", 1), ("c", None)]),
    "by comma": (f"k, n {_COUNTS}, UNNEST(h) WHERE n > 1 ORDER BY n", [("a", 2), ("a", 7)]),
    "all of them": ("* FROM UNNEST([STRUCT(1 AS a, [2, 3] AS b)])", [(1, [2, 3])]),
    "how many": ("(SELECT COUNT(*) FROM UNNEST([4, 5]))", 2),
}
"""UNNEST without a name for the items."""

PICKED: dict[type[exp.Expr], dict[str, tuple[str, Any]]] = {
    exp.ArgMax: {
        "NULL, if the greatest has it": (f"MAX_BY(v, w) {_ORDERS}", None),
        "of those that have one": (f"MAX_BY(v, w) {_ORDERS} WHERE v IS NOT NULL", "red"),
    },
    exp.ArgMin: {
        "the one of the least": (f"MIN_BY(v, w) {_ORDERS}", "blue"),
        "NULL, if the least has it": (f"MIN_BY(v, -w) {_ORDERS}", None),
    },
}

ANSWERS_AS_THEY_ARE: dict[str, tuple[str, Any]] = {
    "BIT_AND": ("BIT_AND(x) FROM UNNEST([7, NULL, 5]) AS x", 5),
    "BIT_XOR": ("BIT_XOR(x) FROM UNNEST([7, 5, 7]) AS x", 5),
    "BIT_OR of nothing": ("BIT_OR(x) FROM UNNEST([CAST(NULL AS INT64)]) AS x", None),
    "LOGICAL_AND": ("LOGICAL_AND(x) FROM UNNEST([TRUE, NULL]) AS x", True),
    "LOGICAL_OR": ("LOGICAL_OR(x) FROM UNNEST([FALSE, NULL]) AS x", False),
    "LOGICAL_OR of nothing": ("LOGICAL_OR(x) FROM UNNEST([CAST(NULL AS BOOL)]) AS x", None),
    "VAR_POP": ("VAR_POP(x) * COUNT(x) FROM UNNEST([1.0, 3.0, NULL]) AS x", 2.0),
    "VAR_POP of one": ("VAR_POP(x) FROM UNNEST([3.0]) AS x", 0.0),
    "VAR_SAMP": ("VAR_SAMP(x) FROM UNNEST([1, 3]) AS x", 2.0),
    "VARIANCE": ("VARIANCE(x) FROM UNNEST([1, 3]) AS x", 2.0),
    "STDDEV_SAMP of one": ("STDDEV_SAMP(x) FROM UNNEST([3.0]) AS x", None),
    "STDDEV_POP": ("STDDEV_POP(x) FROM UNNEST([1, 3]) AS x", 1.0),
    "ARRAY_LENGTH of NULL": ("ARRAY_LENGTH(CAST(NULL AS ARRAY<INT64>))", None),
    "ARRAY_LENGTH of nothing": ("ARRAY_LENGTH(CAST([] AS ARRAY<INT64>))", 0),
    "an item of NULL": ("CAST(NULL AS ARRAY<INT64>)[SAFE_OFFSET(0)]", None),
    "ANY_VALUE HAVING MAX": (f"ANY_VALUE(v HAVING MAX w) {_ORDERS}", None),
    "ARRAY of a query, in order": (
        f"k, ARRAY(SELECT v FROM UNNEST(xs) AS v ORDER BY v) AS xs {_SETS} ORDER BY k",
        [(1, [1, 3]), (2, [1, 2]), (3, []), (4, [])],
    ),
    "fields of a name": (f"(SELECT SUM(c.n) FROM UNNEST(h) AS c) {_COUNTS} WHERE k = 'a'", 10),
}
"""What needs no correction of its own."""

_SKETCHES = (
    "FROM (SELECT 1 AS k, HLL_COUNT.INIT(x, 15) AS s FROM UNNEST(['a', 'b', NULL, 'a']) AS x"
    " UNION ALL SELECT 2, HLL_COUNT.INIT(x) FROM UNNEST(['b', 'c']) AS x"
    " UNION ALL SELECT 3, HLL_COUNT.INIT(x) FROM UNNEST([CAST(NULL AS STRING)]) AS x)"
)
_HUNDRED = "FROM (SELECT KLL_QUANTILES.INIT_INT64(x, 1000) AS s FROM UNNEST(GENERATE_ARRAY(1, 100)) AS x)"
_TENTHS = (
    "FROM (SELECT KLL_QUANTILES.INIT_FLOAT64(x, 1000) AS s FROM UNNEST([0.5, 0.1, NULL]) AS x"
    " UNION ALL SELECT KLL_QUANTILES.INIT_FLOAT64(CAST(x AS FLOAT64)) FROM UNNEST([3, 2]) AS x"
    " UNION ALL SELECT KLL_QUANTILES.INIT_FLOAT64(x) FROM UNNEST([CAST(NULL AS FLOAT64)]) AS x)"
)
SKETCHES: dict[str, tuple[str, Any]] = {
    "distinct values are counted": (
        f"k, HLL_COUNT.EXTRACT(s) AS n {_SKETCHES} ORDER BY k",
        [(1, 2), (2, 2), (3, 0)],
    ),
    "a sketch of nothing is NULL": (f"s IS NULL {_SKETCHES} WHERE k = 3", True),
    "merged": (f"HLL_COUNT.MERGE(s) {_SKETCHES}", 3),
    "merged, of nothing": (f"HLL_COUNT.MERGE(s) {_SKETCHES} WHERE k = 3", 0),
    "merged, of no rows": (f"HLL_COUNT.MERGE(s) {_SKETCHES} WHERE k = 9", 0),
    "merged in steps": (
        f"HLL_COUNT.MERGE(s) FROM (SELECT DIV(k, 2) AS k, HLL_COUNT.MERGE_PARTIAL(s) AS s {_SKETCHES} GROUP BY 1)",
        3,
    ),
    "merged partly, of nothing": (f"HLL_COUNT.MERGE_PARTIAL(s) IS NULL {_SKETCHES} WHERE k = 3", True),
    "NULL has no values": ("HLL_COUNT.EXTRACT(CAST(NULL AS BYTES))", 0),
    "equal sets are equal sketches": (
        (
            "a = b FROM (SELECT HLL_COUNT.INIT(x) AS a FROM UNNEST([3, 1, 2]) AS x)"
            " CROSS JOIN (SELECT HLL_COUNT.INIT(x) AS b FROM UNNEST([2, 3, 1, 3]) AS x)"
        ),
        True,
    ),
    "a number is what it is, whatever it was made of": (
        (
            "HLL_COUNT.MERGE(s) FROM (SELECT HLL_COUNT.INIT(x) AS s FROM UNNEST([CAST(2.5 AS NUMERIC), 20]) AS x"
            " UNION ALL SELECT HLL_COUNT.INIT(x / 2) AS s FROM UNNEST([CAST(5 AS NUMERIC), 40]) AS x)"
        ),
        2,
    ),
    "bytes": ("HLL_COUNT.EXTRACT(HLL_COUNT.INIT(x)) FROM UNNEST([b'a', b'b', b'a']) AS x", 2),
    "columns that are called like parameters": (
        (
            "HLL_COUNT.MERGE(items), KLL_QUANTILES.MERGE_POINT_INT64(s, 0.5) FROM (SELECT HLL_COUNT.INIT(x) AS items,"
            " KLL_QUANTILES.INIT_INT64(x) AS s FROM UNNEST([1, 2, 3]) AS x)"
        ),
        [(3, 2)],
    ),
    "quantiles": (f"KLL_QUANTILES.EXTRACT_INT64(s, 6) {_HUNDRED}", [1, 17, 34, 50, 67, 84, 100]),
    "merged quantiles": (f"KLL_QUANTILES.MERGE_INT64(s, 3) {_HUNDRED}", [1, 34, 67, 100]),
    "a quantile": (f"KLL_QUANTILES.EXTRACT_POINT_INT64(s, .8) {_HUNDRED}", 80),
    "the least": (f"KLL_QUANTILES.EXTRACT_POINT_INT64(s, 0) {_HUNDRED}", 1),
    "the greatest": (f"KLL_QUANTILES.MERGE_POINT_INT64(s, 1) {_HUNDRED}", 100),
    "a quantile of floats": (f"KLL_QUANTILES.MERGE_POINT_FLOAT64(s, 0.5) {_TENTHS}", 0.5),
    "quantiles of floats": (f"KLL_QUANTILES.MERGE_FLOAT64(s, 2) {_TENTHS}", [0.1, 0.5, 3.0]),
    "merged, then asked": (
        f"KLL_QUANTILES.EXTRACT_POINT_FLOAT64(s, 1) FROM (SELECT KLL_QUANTILES.MERGE_PARTIAL(s) AS s {_TENTHS})",
        3.0,
    ),
    "a quantile of nothing": ("KLL_QUANTILES.MERGE_POINT_INT64(s, 0.5) FROM (SELECT CAST(NULL AS BYTES) AS s)", None),
    "with weights": (
        (
            "KLL_QUANTILES.EXTRACT_INT64(s, 2) FROM (SELECT KLL_QUANTILES.INIT_INT64(x, 9, weight => IF(x = 2, 3, 1))"
            " AS s FROM UNNEST([1, 2, 3, 4, 5]) AS x)"
        ),
        [1, 2, 5],
    ),
    "with weights, of floats": (
        (
            "KLL_QUANTILES.EXTRACT_POINT_FLOAT64(s, 0.5) FROM (SELECT KLL_QUANTILES.INIT_FLOAT64(x, 9, weight => w)"
            " AS s FROM (SELECT 0.5 AS x, 1 AS w UNION ALL SELECT 1.5, 2 UNION ALL SELECT NULL, 9))"
        ),
        1.5,
    ),
    "beside no sketch at all": (
        f"HLL_COUNT.MERGE(s) FROM (SELECT s {_SKETCHES} UNION ALL SELECT CAST(NULL AS BYTES))",
        3,
    ),
}
"""Functions of HLL_COUNT and KLL_QUANTILES. Answers are those of Google's documentation, or those of an exact count."""

COMPUTED = (
    {
        f"{kind.__name__}: {title}": case
        for cases in (ARRAYS, BITS, PICKED)
        for kind, found in cases.items()
        for title, case in found.items()
    }
    | {f"{title}: UNNEST": case for title, case in FIELDS.items()}
    | ANSWERS_AS_THEY_ARE
)
"""What Google's reference engine can compute, too."""
