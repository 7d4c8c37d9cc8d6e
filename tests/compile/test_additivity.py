"""Which columns of a grouped SELECT could be aggregated once more."""

from __future__ import annotations

import pytest

from aggregator.compile.additivity import Grouping, grouping
from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName

_TYPES = {"d": "DATE", "carrier": "STRING", "u": "STRING", "x": "INT64", "a": "INT64", "b": "INT64", "ts": "TIMESTAMP"}
_TYPES |= {"ok": "BOOL", "sketch": "BYTES"}
SCHEMAS = {TableName("lake", "t"): tuple(OutputColumn(name, type_) for name, type_ in _TYPES.items())}


def grouped(sql: str) -> Grouping | None:
    """The groups of a SELECT over ``lake.t``."""
    query = parse_select(sql, Document("x.sql", sql), 0, None)
    assert isinstance(query, Query), query
    analysis = analyse(query, SCHEMAS, "DATE")
    assert isinstance(analysis, Analysis), analysis
    return grouping(analysis)


def roles(sql: str) -> list[str]:
    """What each column is; of a distributive one, how it is merged."""
    found = grouped(sql)
    assert found is not None
    return [each.merge or each.role for each in found.columns]


EXPRESSIONS = {
    "COUNT(*)": "count",
    "COUNT(x)": "count",
    "COUNTIF(a > b)": "countif",
    "SUM(x)": "sum",
    "SUM(IF(ok, x, 0))": "sum",
    "MIN(x)": "min",
    "MAX(DISTINCT x)": "max",
    "LOGICAL_AND(ok)": "logical_and",
    "LOGICAL_OR(ok)": "logical_or",
    "BIT_AND(x)": "bit_and",
    "BIT_OR(x)": "bit_or",
    "BIT_XOR(x)": "bit_xor",
    "(SUM(x))": "sum",
    "SUM(x) / 1000": "sum",
    "60 * SUM(x)": "sum",
    "-SUM(x)": "sum",
    "IFNULL(SUM(x), 0)": "sum",
    "COALESCE(SUM(x), 0.0) * 2 / (60 * 60)": "sum",
    "COUNT(*) - COUNT(x)": "sum",
    "COUNT(*) - COUNTIF(ok)": "sum",
    "IFNULL(SUM(a), 0) - IFNULL(SUM(b), 0)": "sum",
    "IFNULL(SUM(a), 0) + 2 * COUNT(b)": "sum",
    "SUM(IF(ok, 1, 0)) - COUNT(x)": "sum",
    "SUM(CASE WHEN ok THEN 1 ELSE 0 END) + SUM(1)": "sum",
    "SUM(CASE WHEN ok THEN 1 END) + SUM(1)": "algebraic",
    "SUM(a) - SUM(b)": "algebraic",
    "IFNULL(SUM(a), 0) - SUM(b)": "algebraic",
    "SUM(x) + 1": "algebraic",
    "IFNULL(SUM(x), 1)": "algebraic",
    "IFNULL(MIN(x), 0)": "algebraic",
    "MAX(x) - MIN(x)": "algebraic",
    "MAX(x) * 2": "algebraic",
    "ROUND(SUM(x), 2)": "algebraic",
    "CAST(SUM(x) AS STRING)": "algebraic",
    "SUM(a) / SUM(b)": "algebraic",
    "SAFE_DIVIDE(COUNTIF(ok), COUNT(*))": "algebraic",
    "SUM(x) * COUNT(*)": "algebraic",
    "AVG(x)": "algebraic",
    "STDDEV(x)": "algebraic",
    "VAR_POP(x)": "algebraic",
    "CORR(a, b)": "algebraic",
    "ANY_VALUE(x)": "algebraic",
    "ANY_VALUE(x HAVING MAX ts)": "algebraic",
    "MAX(x HAVING MAX ts)": "algebraic",
    "MAX_BY(x, ts)": "algebraic",
    "COUNT(DISTINCT u)": "holistic",
    "SUM(DISTINCT x)": "holistic",
    "AVG(DISTINCT x)": "holistic",
    "COUNT(DISTINCT u) / COUNT(*)": "holistic",
    "APPROX_COUNT_DISTINCT(u)": "holistic",
    "APPROX_QUANTILES(x, 100)[OFFSET(50)]": "holistic",
    "APPROX_TOP_COUNT(u, 3)": "holistic",
    "STRING_AGG(u)": "holistic",
    "ARRAY_AGG(u ORDER BY ts LIMIT 1)[OFFSET(0)]": "holistic",
    "HLL_COUNT.INIT(u)": "state",
    "HLL_COUNT.INIT(u, 12)": "state",
    "HLL_COUNT.MERGE_PARTIAL(sketch)": "state",
    "HLL_COUNT.MERGE(sketch)": "holistic",
    "HLL_COUNT.EXTRACT(HLL_COUNT.INIT(u))": "holistic",
    "KLL_QUANTILES.INIT_INT64(x)": "state",
    "KLL_QUANTILES.MERGE_POINT_INT64(sketch, 0.5)": "holistic",
    "TO_BASE64(HLL_COUNT.INIT(u))": "unknown",
    "SUM(SUM(x)) OVER ()": "window",
    "RANK() OVER (ORDER BY COUNT(*))": "window",
    "tools.longest(u)": "unknown",
    "SUM(x) + (SELECT COUNT(*) FROM lake.t)": "unknown",
    "1": "constant",
    "'all'": "constant",
    "d": "key",
    "EXTRACT(YEAR FROM d)": "derived from keys",
}


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_what_a_column_is(expression, expected):
    assert roles(f"SELECT d, {expression} AS y FROM lake.t GROUP BY d") == ["key", expected]


KEYS = {
    "a name": "SELECT carrier, COUNT(*) AS n FROM lake.t GROUP BY carrier",
    "a number": "SELECT carrier, COUNT(*) AS n FROM lake.t GROUP BY 1",
    "an alias": "SELECT DATE_TRUNC(d, MONTH) AS month, COUNT(*) AS n FROM lake.t GROUP BY month",
    "an expression": "SELECT DATE_TRUNC(d, MONTH) AS month, COUNT(*) AS n FROM lake.t GROUP BY DATE_TRUNC(d, MONTH)",
    "a qualified name": "SELECT t.carrier, COUNT(*) AS n FROM lake.t AS t GROUP BY carrier",
    "whatever is not aggregated": "SELECT carrier, COUNT(*) AS n FROM lake.t GROUP BY ALL",
    "a pipe": "FROM lake.t |> AGGREGATE COUNT(*) AS n GROUP BY carrier |> SELECT carrier, n",
}


@pytest.mark.parametrize("sql", KEYS.values(), ids=KEYS)
def test_what_rows_are_grouped_by(sql):
    assert roles(sql) == ["key", "count"]


GROUPS = "WITH g AS (SELECT d, carrier, COUNT(*) AS n, AVG(x) AS mean FROM lake.t GROUP BY d, carrier)\n"
COPIES = {
    "copies": "SELECT d, carrier, n, mean FROM g",
    "a star": "SELECT * FROM g",
    "new names": "SELECT d AS day, g.carrier AS airline, (n) AS flights, mean FROM g ORDER BY n",
    "a subquery": "SELECT * FROM (SELECT * FROM g)",
    "another query in WITH": ", h AS (SELECT d AS day, carrier, n AS m, mean FROM g) SELECT * FROM h",
}


@pytest.mark.parametrize("sql", COPIES.values(), ids=COPIES)
def test_copies_of_groups_are_groups(sql):
    assert roles(GROUPS + sql) == ["key", "key", "count", "algebraic"]


def test_what_is_computed_after_grouping_is_not_known():
    assert roles(f"{GROUPS}SELECT d, carrier, n + 1 AS n, mean FROM g") == ["key", "key", "unknown", "algebraic"]


NO_GROUPS = {
    "rows": "SELECT d, x FROM lake.t",
    "one row of all": "SELECT COUNT(*) AS n FROM lake.t",
    "a join": f"{GROUPS}SELECT g.d, g.carrier, n FROM g JOIN lake.t AS t ON t.d = g.d",
    "a union": f"{GROUPS}SELECT d, n FROM g UNION ALL SELECT d, n FROM g",
    "several groupings": "SELECT d, COUNT(*) AS n FROM lake.t GROUP BY ROLLUP (d)",
    "sets of groupings": "SELECT d, carrier, COUNT(*) AS n FROM lake.t GROUP BY GROUPING SETS (d, carrier)",
    "an unnested array": f"{GROUPS}SELECT d, n, e FROM g, UNNEST([1, 2]) AS e",
    "another table": "SELECT * FROM lake.unknown",
    "a pivot": f"{GROUPS}SELECT * FROM g PIVOT (SUM(n) FOR carrier IN ('UA', 'AA'))",
}


@pytest.mark.parametrize("sql", NO_GROUPS.values(), ids=NO_GROUPS)
def test_rows_that_are_no_groups(sql):
    assert grouped(sql) is None


FILTERS = {
    "SELECT d, COUNT(*) AS n FROM lake.t WHERE x > 1 GROUP BY d": "",
    "SELECT d, COUNT(*) AS n FROM lake.t GROUP BY d HAVING COUNT(*) > 5": "HAVING",
    "SELECT d, COUNT(*) AS n FROM lake.t GROUP BY d HAVING n > 5": "HAVING",
    "SELECT d, COUNT(*) AS n FROM lake.t GROUP BY d HAVING d > '2013-01-01'": "",
    "SELECT d, COUNT(*) AS n FROM lake.t GROUP BY d QUALIFY RANK() OVER (ORDER BY n) < 5": "QUALIFY",
    "SELECT d, COUNT(*) AS n FROM lake.t GROUP BY d ORDER BY n LIMIT 10": "LIMIT",
    "SELECT DISTINCT d, COUNT(*) AS n FROM lake.t GROUP BY d": "DISTINCT",
    f"{GROUPS}SELECT * FROM g WHERE n > 5": "WHERE",
    f"{GROUPS}SELECT * FROM g WHERE carrier = 'UA'": "",
    f"{GROUPS}SELECT * FROM g WHERE carrier IN (SELECT u FROM lake.t)": "WHERE",
    f"{GROUPS}SELECT * FROM g ORDER BY n LIMIT 10": "LIMIT",
}


@pytest.mark.parametrize(("sql", "expected"), FILTERS.items(), ids=FILTERS)
def test_clauses_that_leave_groups_out(sql, expected):
    found = grouped(sql)

    assert found is not None
    assert found.filtered_by == expected
