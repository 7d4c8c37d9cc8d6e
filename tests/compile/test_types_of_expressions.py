"""The types of expressions, as BigQuery gives them; and no type where that is not known."""

from __future__ import annotations

import pytest

from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName

COLUMNS = {
    "i": "INT64",
    "f": "FLOAT64",
    "n": "NUMERIC",
    "b": "BIGNUMERIC",
    "small": "NUMERIC(10, 2)",
    "s": "STRING",
    "y": "BYTES",
    "is_so": "BOOL",
    "d": "DATE",
    "dt": "DATETIME",
    "ts": "TIMESTAMP",
    "t": "TIME",
    "v": "INTERVAL",
    "j": "JSON",
    "place": "STRUCT<city STRING, at STRUCT<lat FLOAT64, lon FLOAT64>>",
    "items": "ARRAY<STRUCT<sku STRING, qty INT64>>",
    "numbers": "ARRAY<INT64>",
    "r": "RANGE<DATE>",
}
SCHEMAS = {TableName("lake", "t"): tuple(OutputColumn(name, type_) for name, type_ in COLUMNS.items())}


def types_of(sql: str, parameter: str = "DATE") -> list[str]:
    query = parse_select(sql, Document("x.sql", sql), 0)
    assert isinstance(query, Query), query
    found = analyse(query, SCHEMAS, parameter)
    assert isinstance(found, Analysis), found
    return [column.type for column in found.columns]


EXPRESSIONS = {
    "INT64": (
        "i + 1",
        "-i",
        "i * i",
        "COUNT(*)",
        "COUNTIF(is_so)",
        "SUM(i)",
        "MAX(i)",
        "DIV(i, 2)",
        "MOD(i, 2)",
        "IF(is_so, i, NULL)",
        "COALESCE(NULL, i)",
        "EXTRACT(YEAR FROM d)",
        "DATE_DIFF(d, @start, DAY)",
        "LENGTH(s)",
        "items[OFFSET(0)].qty",
        "ROW_NUMBER() OVER (ORDER BY i)",
        "LAG(i) OVER (ORDER BY d)",
        "UNIX_SECONDS(ts)",
        "ARRAY_LENGTH(items)",
        "APPROX_COUNT_DISTINCT(s)",
        "HLL_COUNT.EXTRACT(y)",
        "KLL_QUANTILES.EXTRACT_POINT_INT64(y, 0.5)",
        "KLL_QUANTILES.MERGE_INT64(y, 4)[OFFSET(0)]",
        "CAST(s AS INT64)",
        "i & 3",
        "(SELECT SUM(qty) FROM UNNEST(items))",
        "(SELECT MAX(x) FROM UNNEST(numbers) AS x)",
        "ANY_VALUE(i HAVING MAX d)",
    ),
    "FLOAT64": (
        "i / 2",
        "i + f",
        "n * f",
        "AVG(i)",
        "ROUND(i)",
        "SAFE_DIVIDE(i, i)",
        "SUM(f)",
        "1.5",
        "POW(i, 2)",
        "IEEE_DIVIDE(i, i)",
        "place.at.lat",
        "COALESCE(i, f)",
        "IF(is_so, f, 0)",
        "CASE WHEN is_so THEN 1 ELSE f END",
        "PERCENTILE_CONT(i, 0.5) OVER ()",
        "STDDEV(i)",
        "RAND()",
        "GREATEST(i, 0.5)",
    ),
    "NUMERIC": (
        "n + 1",
        "n / 7.0",
        "SUM(n)",
        "AVG(n)",
        "ROUND(n, 2)",
        "SAFE_DIVIDE(n, i)",
        "SUM(small)",
        "small + 0",
        "IF(is_so, n, 0)",
        "COALESCE(n, 0.0)",
        "CAST(i AS NUMERIC)",
    ),
    "BIGNUMERIC": (
        "b + n",
        "b * i",
        "COALESCE(n, b)",
    ),
    "NUMERIC(10, 2)": ("small",),
    "STRING": (
        "s || 'x'",
        "CONCAT(s, i)",
        "UPPER(s)",
        "STRING_AGG(s, ',' ORDER BY i)",
        "FORMAT('%d', i)",
        "place.city",
        "JSON_VALUE(j, '$.a')",
        "TO_JSON_STRING(j)",
        "FORMAT_DATE('%Y', d)",
        "IFNULL(s, '')",
        "NULLIF(s, 'x')",
        "items[SAFE_OFFSET(0)].sku",
        "REGEXP_EXTRACT(s, 'x')",
        "SPLIT(s, ',')[OFFSET(0)]",
        "NET.HOST(s)",
    ),
    "BYTES": (
        "HLL_COUNT.INIT(s)",
        "HLL_COUNT.MERGE_PARTIAL(y)",
        "KLL_QUANTILES.INIT_FLOAT64(f)",
        "KLL_QUANTILES.MERGE_PARTIAL(y)",
        "SHA256(s)",
        "y || y",
        "SUBSTR(y, 2)",
    ),
    "BOOL": (
        "i > 1",
        "s LIKE 'x'",
        "is_so AND i = 1",
        "NOT is_so",
        "s IS NULL",
        "s IS NOT NULL",
        "i IN (1, 2)",
        "i BETWEEN 1 AND 2",
        "EXISTS (SELECT 1 FROM UNNEST(items))",
        "i IN UNNEST(numbers)",
        "LOGICAL_OR(is_so)",
        "STARTS_WITH(s, 'x')",
        "REGEXP_CONTAINS(s, 'x')",
    ),
    "DATE": (
        "DATE(ts)",
        "DATE_TRUNC(d, MONTH)",
        "DATE_ADD(d, INTERVAL 1 DAY)",
        "d + 1",
        "1 + d",
        "@start",
        "DATE_SUB(@end, INTERVAL 1 DAY)",
        "COALESCE(d, '2020-01-01')",
        "EXTRACT(DATE FROM ts)",
        "PARSE_DATE('%F', s)",
        "SAFE.PARSE_DATE('%F', s)",
        "DATE_TRUNC('2020-01-01', MONTH)",
        "LAST_DAY(d)",
        "MAX(d)",
    ),
    "DATETIME": (
        "DATETIME(ts)",
        "d + INTERVAL 1 DAY",
        "dt - INTERVAL 1 DAY",
        "DATETIME_TRUNC(dt, HOUR)",
        "DATE_TRUNC(dt, HOUR)",
        "DATETIME_ADD(dt, INTERVAL 1 HOUR)",
    ),
    "TIMESTAMP": (
        "TIMESTAMP(d)",
        "ts + INTERVAL 1 HOUR",
        "INTERVAL 1 HOUR + ts",
        "TIMESTAMP_TRUNC(ts, HOUR)",
        "TIMESTAMP_ADD(ts, INTERVAL 1 HOUR)",
        "CURRENT_TIMESTAMP()",
        "MIN(ts)",
        "TIMESTAMP_SECONDS(i)",
    ),
    "INTERVAL": (
        "ts - ts",
        "dt - dt",
        "d - d",
        "v + v",
        "v * 2",
        "v / 2",
        "INTERVAL 1 DAY",
        "SUM(v)",
    ),
    "JSON": (
        "j.a.b",
        "j['a']",
        "JSON_QUERY(j, '$.a')",
        "PARSE_JSON(s).a",
        "TO_JSON(items)",
    ),
    "STRUCT<city STRING, at STRUCT<lat FLOAT64, lon FLOAT64>>": (
        "place",
        "ANY_VALUE(place)",
    ),
    "STRUCT<code STRING, i INT64>": (
        "STRUCT(s AS code, i)",
        "(SELECT AS STRUCT s AS code, i)",
    ),
    "ARRAY<INT64>": ("[]", "[1]", "IF(is_so, [], numbers)"),
    "ARRAY<STRING>": (
        "ARRAY_AGG(s)",
        "IFNULL(SPLIT(s, ','), [])",
        "ARRAY_AGG(DISTINCT s IGNORE NULLS ORDER BY s LIMIT 2)",
        "SPLIT(s, ',')",
        "ARRAY(SELECT sku FROM UNNEST(items))",
        "[s, 'x']",
        "JSON_VALUE_ARRAY(j, '$.a')",
    ),
    "ARRAY<FLOAT64>": (
        "[1, 2.5]",
        "ARRAY_AGG(f)",
    ),
    "ARRAY<DATE>": ("GENERATE_DATE_ARRAY(d, d)",),
    "ARRAY<STRUCT<sku STRING, qty INT64>>": (
        "items",
        "ARRAY(SELECT AS STRUCT sku, qty FROM UNNEST(items))",
    ),
    "ARRAY<STRUCT<value STRING, count INT64>>": ("APPROX_TOP_COUNT(s, 3)",),
    "": (
        "tools.clean(s)",
        "tools.clean(s) + 1",
        "COALESCE(i, tools.clean(s))",
        "COALESCE(i, s)",
        "SUM(s)",
        "NULL",
        "MAX(tools.clean(s))",
        "tools.clean(s).a",
        "IF(is_so, d, ts)",
        "i + s",
        "ts - d",
    ),
}


@pytest.mark.parametrize(("type_", "sql"), [(type_, sql) for type_, all_ in EXPRESSIONS.items() for sql in all_])
def test_an_expression_has_the_type_that_bigquery_gives_it(type_, sql):
    assert types_of(f"SELECT {sql} AS x FROM lake.t") == [type_]


QUERIES = {
    "numbers in a union widen": ("SELECT i FROM lake.t UNION ALL SELECT f FROM lake.t", ["FLOAT64"]),
    "a literal in a union gives way": ("SELECT n FROM lake.t UNION ALL SELECT 1", ["NUMERIC"]),
    "NULL in a union gives way": ("SELECT NULL AS x UNION ALL SELECT d FROM lake.t", ["DATE"]),
    "a union of what has nothing in common": ("SELECT i FROM lake.t UNION ALL SELECT s FROM lake.t", [""]),
    "a union by name": (
        "SELECT i, s FROM lake.t UNION ALL BY NAME SELECT s, f AS i FROM lake.t",
        ["FLOAT64", "STRING"],
    ),
    "WITH RECURSIVE": (
        """WITH RECURSIVE r AS (SELECT 1 AS k, s FROM lake.t UNION ALL SELECT k + 1, s FROM r WHERE k < 5)
           SELECT * FROM r""",
        ["INT64", "STRING"],
    ),
    "fields of an unnested array are columns": ("SELECT sku, qty FROM lake.t, UNNEST(items)", ["STRING", "INT64"]),
    "an element and its place": (
        "SELECT x, pos FROM lake.t, UNNEST(numbers) AS x WITH OFFSET AS pos",
        ["INT64", "INT64"],
    ),
    "a star over an unnested struct": ("SELECT x.* FROM lake.t, t.items AS x", ["STRING", "INT64"]),
    "fields of a struct": ("SELECT place.* FROM lake.t", ["STRING", "STRUCT<lat FLOAT64, lon FLOAT64>"]),
    "PIVOT": (
        "SELECT * FROM (SELECT d, s, f FROM lake.t) PIVOT (SUM(f) AS total, COUNT(*) AS n FOR s IN ('a', 'b'))",
        ["DATE", "FLOAT64", "INT64", "FLOAT64", "INT64"],
    ),
    "UNPIVOT": (
        "SELECT * FROM (SELECT d, i, f FROM lake.t) UNPIVOT (amount FOR what IN (i, f))",
        ["DATE", "FLOAT64", "STRING"],
    ),
    "pipes": ("FROM lake.t |> WHERE i > 1 |> AGGREGATE SUM(n) AS x GROUP BY d |> SELECT x, d", ["NUMERIC", "DATE"]),
    "a column of both sides of USING": ("SELECT d, a.i FROM lake.t AS a JOIN lake.t AS b USING (d)", ["DATE", "INT64"]),
    "a field of an approximate count": (
        "SELECT top.value, top.count FROM (SELECT APPROX_TOP_COUNT(s, 2) AS tops FROM lake.t), UNNEST(tops) AS top",
        ["STRING", "INT64"],
    ),
    "SELECT AS VALUE": (
        "SELECT sku FROM (SELECT AS VALUE items[OFFSET(0)] FROM lake.t)",
        ["STRING"],
    ),
    "a whole row": (
        "SELECT row.a FROM (SELECT ANY_VALUE(x) AS row FROM (SELECT i AS a, s FROM lake.t) AS x)",
        ["INT64"],
    ),
}


@pytest.mark.parametrize(("sql", "types"), QUERIES.values(), ids=QUERIES)
def test_types_pass_through_queries(sql, types):
    assert types_of(sql) == types


@pytest.mark.parametrize("type_", ["DATE", "DATETIME", "TIMESTAMP"])
def test_parameters_have_the_type_of_the_partition_column(type_):
    assert types_of("SELECT @start AS a, COALESCE(@end, NULL) AS b", type_) == [type_, type_]


def test_the_table_of_types_is_large():
    assert sum(map(len, EXPRESSIONS.values())) > 150
