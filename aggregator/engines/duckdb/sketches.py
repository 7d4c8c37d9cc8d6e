"""HLL_COUNT and KLL_QUANTILES over exact values: what BigQuery stores as BYTES is an array here.

A sketch of HLL_COUNT is the sorted set of hashes, one of KLL_QUANTILES the sorted list of values. See
docs/decisions/0023-sketches-are-exact-on-duckdb.md.
"""

from __future__ import annotations

from sqlglot import exp

from aggregator.engines.duckdb.trees import call

MACROS = (
    # NUMERIC 5 is 5, 5.0 or 5.000000000, depending on what it was made of.
    (
        "_digits(x) AS CASE WHEN typeof(x) LIKE 'DECIMAL%' OR typeof(x) IN ('DOUBLE', 'FLOAT')"
        " THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.') ELSE CAST(x AS VARCHAR) END"
    ),
    "_hash(x) AS CAST(md5_number_lower(_digits(x)) >> 1 AS BIGINT)",
    "_gathered(items) AS list_sort(flatten(list(items) FILTER (WHERE items IS NOT NULL)))",
    "_united(items) AS list_distinct(flatten(list(items) FILTER (WHERE items IS NOT NULL)))",
    # Hashing takes most of the time, so each value is hashed once and not each row.
    ("_hll_init(x) AS list_sort(list_transform(list(DISTINCT x) FILTER (WHERE x IS NOT NULL), lambda _x: _hash(_x)))"),
    "_hll_merge_partial(s) AS list_sort(_united(s))",
    "_hll_merge(s) AS coalesce(len(_united(s)), 0)",
    "_hll_extract(s) AS coalesce(len(s), 0)",
    "_kll_init_int64(x) AS list_sort(list(CAST(x AS BIGINT)) FILTER (WHERE x IS NOT NULL))",
    "_kll_init_float64(x) AS list_sort(list(CAST(x AS DOUBLE)) FILTER (WHERE x IS NOT NULL))",
    "_weighted(x, w) AS list_sort(flatten(list(repeat([x], w)) FILTER (WHERE x IS NOT NULL)))",
    "_kll_init_int64_weighted(x, w) AS _weighted(CAST(x AS BIGINT), w)",
    "_kll_init_float64_weighted(x, w) AS _weighted(CAST(x AS DOUBLE), w)",
    "_kll_merge_partial(s) AS _gathered(s)",
    (
        "_tallied(x) AS list_transform(map_entries(histogram(x)),"
        " lambda _one: {'count': CAST(_one.value AS BIGINT), 'value': _one.key})"
    ),
    (
        "_nulls_tallied(x) AS CASE WHEN count(*) > count(x) THEN"
        " [{'count': count(*) - count(x), 'value': CASE WHEN FALSE THEN any_value(x) END}] ELSE [] END"
    ),
    # NULL is a value to it; of values that are there as often, BigQuery does not say which comes first.
    (
        "_top_count(x, n) AS CASE WHEN count(*) > 0 THEN list_transform(list_slice(list_reverse_sort("
        "list_concat(_tallied(x), _nulls_tallied(x))), 1, n),"
        " lambda _one: {'value': _one.value, 'count': _one.count}) END"
    ),
    # The value that at least this share of all are not greater than: 0.07 of 100 values are 7, and not a little more.
    "_at_share(items, share) AS items[CAST(greatest(1, ceil(round(share, 6))) AS BIGINT)]",
    "_kll_extract_point(items, phi) AS _at_share(items, phi * len(items))",
    "_kll_merge_point(s, phi) AS _kll_extract_point(_gathered(s), phi)",
    (
        "_kll_extract(items, n) AS CASE WHEN items IS NOT NULL"
        " THEN list_transform(range(n + 1), lambda _part: _at_share(items, _part * len(items) / n)) END"
    ),
    "_kll_merge(s, n) AS _kll_extract(_gathered(s), n)",
)
"""Functions that the rewritten SQL calls."""

_NAMES = {
    "HLL_COUNT.INIT": ("_hll_init", 1),
    "HLL_COUNT.MERGE_PARTIAL": ("_hll_merge_partial", 1),
    "HLL_COUNT.MERGE": ("_hll_merge", 1),
    "HLL_COUNT.EXTRACT": ("_hll_extract", 1),
    "KLL_QUANTILES.MERGE_PARTIAL": ("_kll_merge_partial", 1),
    "KLL_QUANTILES.INIT_INT64": ("_kll_init_int64", 1),
    "KLL_QUANTILES.INIT_FLOAT64": ("_kll_init_float64", 1),
    **{
        f"KLL_QUANTILES.{name}_{type_}": (f"_kll_{name.lower()}", 2)
        for type_ in ("INT64", "FLOAT64")
        for name in ("EXTRACT", "EXTRACT_POINT", "MERGE", "MERGE_POINT")
    },
}
"""What is called in place of each function, with how many of its arguments: what is exact has no precision."""


def sketch(node: exp.Expr) -> exp.Expr:
    """A function of HLL_COUNT or KLL_QUANTILES."""
    found = _NAMES.get(name_of(node))
    if found is None:
        return node
    name, count = found
    arguments = node.expression.expressions
    weight = next((each.expression for each in arguments if isinstance(each, exp.Kwarg)), None)
    return call(name, *arguments[:count]) if weight is None else call(f"{name}_weighted", arguments[0], weight)


def name_of(node: exp.Expr) -> str:
    """The name of a function in a namespace, such as HLL_COUNT.INIT; empty for anything else."""
    is_call = isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous)
    return f"{node.this.name}.{node.expression.name}".upper() if is_call else ""


def is_sketch(node: exp.Expr | None) -> bool:
    """Whether a function is one of these."""
    return node is not None and name_of(node) in _NAMES
