"""Mistakes that a SELECT shows by its form and the types in it; what is refused is what BigQuery refuses."""

from __future__ import annotations

import itertools

import pytest

from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.casts import cast_problems
from aggregator.compile.dateparts import date_part_problems
from aggregator.compile.grouping import grouping_problems
from aggregator.compile.incomparable import incomparable_problems
from aggregator.compile.joins import join_problems
from aggregator.compile.operands import operand_problems
from aggregator.compile.parse import parse_select
from aggregator.compile.placement import placement_problems
from aggregator.compile.query import Query
from aggregator.compile.reserved import reserved_problems
from aggregator.compile.shapes import shape_problems
from aggregator.compile.windows import window_problems
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName

COLUMNS = {
    "n": "INT64",
    "x": "FLOAT64",
    "name": "STRING",
    "day": "DATE",
    "clock": "TIME",
    "ts": "TIMESTAMP",
    "doc": "JSON",
    "place": "GEOGRAPHY",
    "tags": "ARRAY<STRING>",
    "s": "STRUCT<x INT64, y STRING>",
    "unknown": "",
}
SCHEMAS = {TableName("d", "t"): tuple(OutputColumn(name, type_) for name, type_ in COLUMNS.items())}
AS_WRITTEN = (shape_problems, window_problems, join_problems, placement_problems, reserved_problems)
AS_TYPED = (cast_problems, date_part_problems, incomparable_problems, grouping_problems, operand_problems)

REFUSED = {
    "a value with two columns": (
        "SELECT (SELECT n, x FROM d.t) AS v FROM d.t",
        "a query that stands for one value has 2 columns",
    ),
    "a list with two columns": (
        "SELECT n FROM d.t WHERE n IN (SELECT n, x FROM d.t)",
        "a query that stands for one value has 2 columns",
    ),
    "an array of two columns": ("SELECT ARRAY(SELECT n, x FROM d.t) AS v", "a query that stands for one value has 2"),
    "sides of different width": ("SELECT n, x FROM d.t UNION ALL SELECT n FROM d.t", "have 2 and 1 columns"),
    "EXCEPT ALL": ("SELECT n FROM d.t EXCEPT ALL SELECT n FROM d.t", "BigQuery has no EXCEPT ALL"),
    "UNION ALL and UNION DISTINCT in a row": (
        "SELECT n FROM d.t UNION ALL SELECT n FROM d.t UNION DISTINCT SELECT n FROM d.t",
        "different set operations in a row need parentheses",
    ),
    "a rank without an order": ("SELECT RANK() OVER (PARTITION BY n) AS r FROM d.t", "RANK needs ORDER BY in OVER"),
    "a rank without a window": ("SELECT RANK() AS r FROM d.t", "RANK needs OVER"),
    "a row number with a frame": (
        "SELECT ROW_NUMBER() OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS r FROM d.t",
        "has no frame",
    ),
    "an approximate count over a window": (
        "SELECT APPROX_COUNT_DISTINCT(n) OVER () AS c FROM d.t",
        "can't have OVER",
    ),
    "an ordered window with DISTINCT": (
        "SELECT COUNT(DISTINCT n) OVER (ORDER BY day) AS c FROM d.t",
        "COUNT with DISTINCT can have neither",
    ),
    "a window that is not defined": ("SELECT SUM(n) OVER w AS c FROM d.t", "there is no window w"),
    "a left join without a condition": ("SELECT a.n FROM d.t AS a LEFT JOIN d.t AS b", "this join needs ON or USING"),
    "a cross join with one": ("SELECT a.n FROM d.t AS a CROSS JOIN d.t AS b ON a.n = b.n", "CROSS JOIN has no"),
    "a natural join": ("SELECT a.n FROM d.t AS a NATURAL JOIN d.t AS b", "BigQuery has no NATURAL JOIN"),
    "a day to a number": ("SELECT CAST(day AS INT64) AS v FROM d.t", "DATE can't be cast to INT64"),
    "a day to a number, safely": ("SELECT SAFE_CAST(day AS INT64) AS v FROM d.t", "DATE can't be cast to INT64"),
    "JSON to a text": ("SELECT CAST(doc AS STRING) AS v FROM d.t", "JSON can't be cast to STRING"),
    "an array to one of another type": (
        "SELECT CAST(tags AS ARRAY<INT64>) AS v FROM d.t",
        "ARRAY<STRING> can't be cast to ARRAY<INT64>",
    ),
    "the hour of a day": ("SELECT EXTRACT(HOUR FROM day) AS v FROM d.t", "a DATE has no HOUR"),
    "the day of a time": ("SELECT EXTRACT(DAY FROM clock) AS v FROM d.t", "a TIME has no DAY"),
    "the year of a number": ("SELECT EXTRACT(YEAR FROM n) AS v FROM d.t", "EXTRACT needs a date or a time"),
    "hours added to a day": (
        "SELECT DATE_ADD(day, INTERVAL 2 HOUR) AS v FROM d.t",
        "a DATE is not counted in units of HOUR",
    ),
    "months added to an instant": (
        "SELECT TIMESTAMP_ADD(ts, INTERVAL 1 MONTH) AS v FROM d.t",
        "a TIMESTAMP is not counted in units of MONTH",
    ),
    "grouped by JSON": ("SELECT doc, COUNT(*) AS c FROM d.t GROUP BY doc", "nothing can be grouped by JSON"),
    "distinct places": ("SELECT DISTINCT place FROM d.t", "nothing can be made distinct by GEOGRAPHY"),
    "ordered by an array": ("SELECT n FROM d.t ORDER BY tags", "nothing can be ordered by ARRAY"),
    "partitioned by a float": (
        "SELECT SUM(n) OVER (PARTITION BY x) AS v FROM d.t",
        "nothing can be partitioned by FLOAT64",
    ),
    "the largest array": ("SELECT MAX(tags) AS v FROM d.t", "there is no largest or smallest ARRAY"),
    "a union of JSON without repeats": (
        "SELECT doc FROM d.t UNION DISTINCT SELECT doc FROM d.t",
        "nothing can be made distinct by JSON",
    ),
    "HAVING of a column that is not grouped": (
        "SELECT name, COUNT(*) AS c FROM d.t GROUP BY name HAVING n > 1",
        "n is neither grouped nor aggregated",
    ),
    "ORDER BY of a column that is not grouped": (
        "SELECT name, COUNT(*) AS c FROM d.t GROUP BY name ORDER BY n",
        "n is neither grouped nor aggregated",
    ),
    "GROUP BY of a sum by its number": (
        "SELECT name, SUM(n) AS c FROM d.t GROUP BY 1, 2",
        "an aggregate can't stand in GROUP BY",
    ),
    "GROUP BY of a rank by its name": (
        "SELECT RANK() OVER (ORDER BY n) AS r FROM d.t GROUP BY r",
        "a window function can't stand in GROUP BY",
    ),
    "a field that is not there": ("SELECT s.z FROM d.t", "the STRUCT has no field z"),
    "a field of an array": ("SELECT tags.z FROM d.t", "an ARRAY has no field z"),
    "a field of a number": ("SELECT n.z FROM d.t", "a value of type INT64 has no field z"),
    "an element of a number": ("SELECT n[OFFSET(0)] AS v FROM d.t", "a value of type INT64 has no elements"),
    "a star without what is not there": ("SELECT * EXCEPT (z) FROM d.t", "the star has no column z"),
    "an order within an aggregate over a window": (
        "SELECT ARRAY_AGG(n ORDER BY n) OVER (PARTITION BY name) AS v FROM d.t",
        "ARRAY_AGG can have neither ORDER BY nor LIMIT of its own with OVER",
    ),
    "a LAG that looks ahead": (
        "SELECT LAG(n, -1) OVER (ORDER BY day) AS v FROM d.t",
        "offset of LAG can't be negative",
    ),
    "a LEAD by a column": ("SELECT LEAD(n, n) OVER (ORDER BY day) AS v FROM d.t", "offset of LEAD must be written out"),
    "no parts": ("SELECT NTILE(0) OVER (ORDER BY day) AS v FROM d.t", "NTILE makes one part at least"),
    "a frame of groups": ("SELECT SUM(n) OVER (ORDER BY n GROUPS 1 PRECEDING) AS v FROM d.t", "is of ROWS or RANGE"),
    "a frame the wrong way round": (
        "SELECT SUM(n) OVER (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) AS v FROM d.t",
        "the frame ends before it begins",
    ),
    "ROLLUP beside a key": (
        "SELECT n, name, COUNT(*) AS c FROM d.t GROUP BY n, ROLLUP(name)",
        "ROLLUP must be all that GROUP BY lists",
    ),
    "GROUPING SETS beside ROLLUP": (
        "SELECT n, name, COUNT(*) AS c FROM d.t GROUP BY GROUPING SETS (n, ()), ROLLUP(name)",
        "GROUPING SETS must be all that GROUP BY lists",
    ),
    "columns of two types unpivoted": (
        "SELECT * FROM (SELECT n, x FROM d.t) UNPIVOT (v FOR which IN (n, x))",
        "UNPIVOT makes one column of these, and this is FLOAT64 beside INT64",
    ),
    "a word of the language as a name": ("SELECT day AS at FROM d.t", "at is a word of the language, and no name"),
    "a table that is called like a word": ("SELECT rows.n FROM d.t AS rows", "rows is a word of the language"),
    "a zone behind a value": (
        "SELECT ts AT TIME ZONE 'UTC' AS v FROM d.t",
        "AT TIME ZONE stands in EXTRACT and FORMAT",
    ),
}
ACCEPTED = {
    "frames, zones and what is unpivoted as they should be": "SELECT EXTRACT(HOUR FROM ts AT TIME ZONE 'UTC') AS a, "
    "CAST(ts AS STRING FORMAT 'YYYY' AT TIME ZONE 'UTC') AS b, SUM(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND "
    "1 FOLLOWING) AS c, LAG(v, 2, 0) OVER (ORDER BY v) AS e, NTILE(4) OVER (ORDER BY v) AS f, "
    "ARRAY_AGG(v) OVER (ORDER BY v) AS g FROM (SELECT ts, n, n + 1 AS m FROM d.t) UNPIVOT (v FOR which IN (n, m))",
    "words in backticks, and other words": "SELECT n AS `at`, x AS rank, day AS date, name AS value FROM d.t AS `rows`",
    "groupings alone": "SELECT n, name, COUNT(DISTINCT x) AS c FROM d.t GROUP BY GROUPING SETS ((n, name), ROLLUP(n))",
    "values, lists and arrays of one column": "SELECT (SELECT MAX(n) FROM d.t) AS a, n IN (SELECT n FROM d.t) AS b, "
    "ARRAY(SELECT n FROM d.t) AS c, ARRAY(SELECT AS STRUCT n, x FROM d.t) AS d FROM d.t",
    "a query with several columns where rows are wanted": "SELECT n FROM (SELECT n, x FROM d.t) WHERE EXISTS "
    "(SELECT n, x FROM d.t)",
    "set operations of one kind, and others in parentheses": "SELECT n FROM d.t UNION ALL SELECT n FROM d.t UNION ALL "
    "(SELECT n FROM d.t EXCEPT DISTINCT SELECT 1)",
    "one pipe after the other": "FROM d.t |> SELECT n |> UNION ALL (SELECT 1) |> UNION DISTINCT (SELECT 2)",
    "windows with a name": "SELECT RANK() OVER w AS a, SUM(n) OVER (w ROWS 1 PRECEDING) AS b FROM d.t "
    "WINDOW w AS (ORDER BY n)",
    "windows as they should be": "SELECT ROW_NUMBER() OVER () AS a, LAG(n) OVER (ORDER BY day) AS b, "
    "FIRST_VALUE(n IGNORE NULLS) OVER (ORDER BY day) AS c, PERCENTILE_CONT(x, 0.5) OVER (PARTITION BY n) AS d, "
    "COUNT(DISTINCT n) OVER (PARTITION BY name) AS e FROM d.t",
    "joins with commas, arrays and conditions": "SELECT a.n FROM d.t AS a, d.t AS b LEFT JOIN UNNEST(a.tags) AS tag "
    "CROSS JOIN d.t AS c INNER JOIN d.t AS e USING (n)",
    "casts that there are": "SELECT CAST(day AS TIMESTAMP) AS a, CAST(n AS BOOL) AS b, CAST(name AS DATE) AS c, "
    "CAST(tags AS ARRAY<STRING>) AS d, CAST(unknown AS INT64) AS e, ARRAY<DATE>['2024-01-01'] AS f, "
    "CAST(NULL AS JSON) AS g, CAST(name AS NUMERIC(10, 2)) AS h FROM d.t",
    "parts that there are": "SELECT EXTRACT(DAYOFWEEK FROM day) AS a, EXTRACT(HOUR FROM ts) AS b, "
    "DATE_ADD(day, INTERVAL 1 MONTH) AS c, TIMESTAMP_SUB(ts, INTERVAL 3 HOUR) AS d, "
    "DATE_TRUNC(day, WEEK(MONDAY)) AS e, TIMESTAMP_TRUNC(ts, MONTH) AS f FROM d.t",
    "what can be compared": "SELECT s, tags, COUNT(DISTINCT name) AS c, MAX(day) AS d FROM d.t GROUP BY s, tags "
    "ORDER BY c, d",
    "groups by numbers, names and expressions": "SELECT UPPER(name) AS u, SUM(n) AS c FROM d.t GROUP BY u "
    "HAVING c > 1 AND u <> 'A' AND MAX(x) > 1 ORDER BY c DESC, u, 1, COUNT(*)",
    "groups by a pipe": "FROM d.t |> AGGREGATE SUM(n) AS c GROUP BY name, DATE_TRUNC(day, MONTH) AS month",
    "fields, elements and stars": "SELECT * EXCEPT (n) REPLACE (1 AS x), s.y AS y, tags[OFFSET(0)] AS z, doc.a.b AS d, "
    "doc.list[0] AS f, unknown.field AS g FROM d.t",
}


def problems(sql: str) -> list[Diagnostic]:
    query = parse_select(sql, Document("m.sql", sql), 0)
    assert isinstance(query, Query), query
    analysis = analyse(query, SCHEMAS, "DATE")
    found = [each for look in AS_WRITTEN for each in look(query)]
    if not isinstance(analysis, Analysis):
        return [*found, *analysis]
    return [*found, *itertools.chain.from_iterable(look(analysis) for look in AS_TYPED)]


@pytest.mark.parametrize(("sql", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(sql: str, said: str) -> None:
    messages = [each.message for each in problems(sql)]
    assert len(messages) == 1
    assert said in messages[0]


@pytest.mark.parametrize("sql", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(sql: str) -> None:
    assert problems(sql) == []
