"""The types that functions give which sqlglot knows only by name."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.compile.analysis.lineage import Value
from aggregator.compile.analysis.types import BOOL, BYTES, FLOAT64, INT64, NULL, STRING, Type, known, type_of

GEOGRAPHY = known("GEOGRAPHY")
_NAMED: dict[str, Type] = {
    name: type_
    for type_, names in (
        (INT64, "HLL_COUNT.EXTRACT HLL_COUNT.MERGE BIT_COUNT ARRAY_OFFSET ST_DIMENSION ST_NUMPOINTS ST_NPOINTS"),
        (BYTES, "HLL_COUNT.INIT HLL_COUNT.MERGE_PARTIAL ST_ASBINARY"),
        (BYTES, "KLL_QUANTILES.INIT_INT64 KLL_QUANTILES.INIT_FLOAT64 KLL_QUANTILES.MERGE_PARTIAL"),
        (INT64, "KLL_QUANTILES.EXTRACT_POINT_INT64 KLL_QUANTILES.MERGE_POINT_INT64"),
        (FLOAT64, "KLL_QUANTILES.EXTRACT_POINT_FLOAT64 KLL_QUANTILES.MERGE_POINT_FLOAT64"),
        (known("ARRAY<INT64>"), "KLL_QUANTILES.EXTRACT_INT64 KLL_QUANTILES.MERGE_INT64"),
        (known("ARRAY<FLOAT64>"), "KLL_QUANTILES.EXTRACT_FLOAT64 KLL_QUANTILES.MERGE_FLOAT64"),
        (FLOAT64, "IEEE_DIVIDE ML.DISTANCE ST_DISTANCE ST_AREA ST_LENGTH ST_PERIMETER ST_AZIMUTH ST_X ST_Y"),
        (STRING, "ST_ASTEXT ST_GEOHASH ST_ASGEOJSON ST_GEOMETRYTYPE"),
        (
            GEOGRAPHY,
            "ST_GEOGPOINT ST_GEOGFROMTEXT ST_CENTROID ST_UNION ST_UNION_AGG ST_BUFFER ST_CONVEXHULL ST_SIMPLIFY",
        ),
        (GEOGRAPHY, "ST_MAKELINE ST_MAKEPOLYGON ST_INTERSECTION ST_DIFFERENCE ST_BOUNDARY ST_GEOGFROMGEOJSON"),
        (BOOL, "ST_WITHIN ST_CONTAINS ST_INTERSECTS ST_DWITHIN ST_COVERS ST_COVEREDBY ST_DISJOINT ST_EQUALS"),
        (BOOL, "ST_TOUCHES ST_INTERSECTSBOX ST_ISEMPTY ST_ISRING ST_ISCOLLECTION ST_ISCLOSED"),
        (BOOL, "IS_INF IS_NAN RANGE_OVERLAPS RANGE_CONTAINS ARRAY_IS_DISTINCT"),
        (known("ARRAY<STRING>"), "JSON_KEYS"),
        (NULL, "ERROR"),  # it has the type of whatever it meets
    )
    for name in names.split()
}
_NAMED_BY_FIRST: dict[str, Callable[[Type], Type | None]] = {
    "DATE_BUCKET": lambda first: first,
    "DATETIME_BUCKET": lambda first: first,
    "TIMESTAMP_BUCKET": lambda first: first,
    "RANGE": lambda first: type_of(f"RANGE<{first.text}>"),
    "RANGE_START": lambda first: first.element,
    "RANGE_END": lambda first: first.element,
}


def type_of_named(name: str, arguments: list[Value]) -> Type | None:
    """The type of a function that sqlglot does not know; its name is in upper case."""
    if name in _NAMED_BY_FIRST:
        first = arguments[0].type if arguments else None
        plain = first.plain if first is not None else None
        return _NAMED_BY_FIRST[name](plain) if plain is not None else None
    return _NAMED.get(name)
