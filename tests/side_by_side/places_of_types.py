"""Cases of the embedded engine: values of every type, in the places where analysts put values of any type."""

from __future__ import annotations

_EQUAL = ("i", "f", "h", "n", "b", "s", "y", "d", "dt", "ts", "tm")
"""Columns of each type that can be compared, ordered and grouped."""

_ANY = (*_EQUAL, "st", "iv", "js")
_ARRAYS = ("a", "ar")

_SIDES = (
    "UNBOUNDED PRECEDING AND CURRENT ROW",
    "UNBOUNDED PRECEDING AND 1 PRECEDING",
    "UNBOUNDED PRECEDING AND 1 FOLLOWING",
    "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "3 PRECEDING AND 1 PRECEDING",
    "2 PRECEDING AND CURRENT ROW",
    "1 PRECEDING AND 1 FOLLOWING",
    "2 PRECEDING AND UNBOUNDED FOLLOWING",
    "CURRENT ROW AND CURRENT ROW",
    "CURRENT ROW AND 1 FOLLOWING",
    "CURRENT ROW AND UNBOUNDED FOLLOWING",
    "1 FOLLOWING AND 3 FOLLOWING",
    "1 FOLLOWING AND UNBOUNDED FOLLOWING",
)

PLACES: dict[str, tuple[str, ...]] = {
    "frames of windows": tuple(
        f"SUM(i) OVER (PARTITION BY p ORDER BY k {unit} BETWEEN {sides})"
        for unit in ("ROWS", "RANGE")
        for sides in _SIDES
    ),
    "values of any type": tuple(
        place.format(x=column)
        for column in (*_ANY, *_ARRAYS)
        for place in (
            "STRUCT({x} AS v, k AS w).v",
            "STRUCT({x}, k).{x}",
            "SELECT p, ARRAY_AGG(STRUCT({x} AS v, k) ORDER BY k LIMIT 2)[SAFE_OFFSET(1)].v AS v FROM t GROUP BY p",
            "SELECT p, MAX_BY({x}, k) AS v, ANY_VALUE({x} HAVING MIN k) AS w FROM t GROUP BY p",
            "IF(b, {x}, NULL)",
            "CASE WHEN p = 1 THEN {x} WHEN b THEN NULL ELSE {x} END",
            "COALESCE(IF(b, {x}, NULL), {x})",
            "{x} IS NULL",
            "SELECT k, {x} AS v FROM t UNION ALL SELECT k + 100, IF(c, {x}, NULL) FROM t",
            "SELECT k, COUNT({x}) OVER (PARTITION BY p ORDER BY k) AS v FROM t",
            "SELECT k, (SELECT o.{x} FROM t AS o WHERE o.k = t.k + 1) AS v FROM t",
        )
    ),
    "values of any type but arrays": tuple(
        place.format(x=column)
        for column in _ANY
        for place in (
            "SELECT p, ARRAY_AGG({x} IGNORE NULLS ORDER BY k DESC LIMIT 2)[SAFE_OFFSET(1)] AS v FROM t GROUP BY p",
            "SELECT p, ARRAY_AGG({x} IGNORE NULLS ORDER BY k)[OFFSET(0)] AS v FROM t WHERE {x} IS NOT NULL GROUP BY p",
            "[{x}, {x}][SAFE_OFFSET(1)]",
            "LAG({x}) OVER (PARTITION BY p ORDER BY k)",
            "LEAD({x}, 2) OVER (PARTITION BY p ORDER BY k)",
            "FIRST_VALUE({x}) OVER (PARTITION BY p ORDER BY k)",
            "LAST_VALUE({x} IGNORE NULLS) OVER (PARTITION BY p ORDER BY k)",
            "NTH_VALUE({x}, 2) OVER (PARTITION BY p ORDER BY k)",
        )
    ),
    "values that are compared": tuple(
        place.format(x=column)
        for column in _EQUAL
        for place in (
            "SELECT p, STRING_AGG(CAST(k AS STRING), ',' ORDER BY {x}, k) AS v FROM t GROUP BY p",
            "SELECT p, ARRAY_AGG(k ORDER BY {x} DESC, k) AS v FROM t GROUP BY p",
            "SELECT p, COUNT(DISTINCT {x}) AS v FROM t GROUP BY p",
            "SELECT p, ARRAY_AGG(DISTINCT {x} IGNORE NULLS ORDER BY {x}) AS v FROM t GROUP BY p",
            "SELECT p, MAX({x}) AS v, MIN({x}) AS w FROM t GROUP BY p",
            "SELECT p, MIN_BY(k, {x}) AS v FROM (SELECT p, {x}, MIN(k) AS k FROM t GROUP BY p, {x}) GROUP BY p",
            "SELECT {x} AS v, COUNT(*) AS c1 FROM t GROUP BY {x}",
            "SELECT DISTINCT {x} AS v FROM t",
            "SELECT {x} AS v FROM t UNION DISTINCT SELECT {x} FROM t",
            "SELECT {x} AS v FROM t EXCEPT DISTINCT SELECT {x} FROM t WHERE b",
            "SELECT {x} AS v FROM t INTERSECT DISTINCT SELECT {x} FROM t WHERE c",
            "SELECT t.k AS v, COUNT(*) AS n FROM t JOIN t AS o ON t.{x} = o.{x} GROUP BY v",
            "SELECT t.k AS v, COUNT(*) AS n FROM t JOIN t AS o USING ({x}) GROUP BY v",
            "RANK() OVER (PARTITION BY p ORDER BY {x})",
            "DENSE_RANK() OVER (ORDER BY {x} DESC)",
            "MAX({x}) OVER (PARTITION BY p ORDER BY k)",
            "SELECT k, {x} IN (SELECT o.{x} FROM t AS o WHERE o.b AND o.{x} IS NOT NULL) AS v FROM t",
            "NULLIF({x}, {x})",
            "{x} IS DISTINCT FROM LAG({x}) OVER (ORDER BY k)",
            "GREATEST({x}, MIN({x}) OVER ())",
            "SELECT k, {x} BETWEEN MIN({x}) OVER (PARTITION BY p) AND MAX({x}) OVER () AS v FROM t",
            "CASE {x} WHEN FIRST_VALUE({x}) OVER (PARTITION BY p ORDER BY k) THEN 1 ELSE 2 END",
        )
    ),
    "values that rows are parted by": tuple(
        place.format(x=column)
        for column in _EQUAL
        if column not in ("f", "h")  # BigQuery refuses it
        for place in (
            "SELECT COUNT(*) OVER (PARTITION BY {x}) AS v, k FROM t",
            "SELECT k FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY {x} ORDER BY k) = 1",
        )
    ),
}
