"""Operands of types that an operator can't work with; what is refused is what BigQuery refuses."""

from __future__ import annotations

import pytest

from aggregator.compile.analysis import Analysis, analyse
from aggregator.compile.operands import operand_problems
from aggregator.compile.parse import parse_select
from aggregator.compile.query import Query
from aggregator.core.diagnostics import Document
from aggregator.core.graph import OutputColumn
from aggregator.core.names import TableName

COLUMNS = {
    "n": "INT64",
    "price": "NUMERIC",
    "x": "FLOAT64",
    "name": "STRING",
    "day": "DATE",
    "moment": "DATETIME",
    "ts": "TIMESTAMP",
    "paid": "BOOL",
    "bytes_": "BYTES",
    "s": "STRUCT<x INT64, y STRING>",
    "unknown": "",
}
SCHEMAS = {TableName("d", "t"): tuple(OutputColumn(name, type_) for name, type_ in COLUMNS.items())}
REFUSED = {
    "a number and a text": ("n = name", 0, "INT64 can't be compared with STRING"),
    "a number and a text in quotes": ("n = '1'", 0, "INT64 can't be compared with STRING"),
    "a day and an instant": ("day >= ts", 0, "DATE can't be compared with TIMESTAMP"),
    "a local time and an instant": ("moment < ts", 0, "DATETIME can't be compared with TIMESTAMP"),
    "a text and bytes": ("name != bytes_", 0, "STRING can't be compared with BYTES"),
    "a truth value and a number": ("paid = 1", 0, "BOOL can't be compared with INT64"),
    "deep inside": (
        "IF(n > 1, ts > CURRENT_TIMESTAMP(), day = 'x' OR day = name)",
        49,
        "DATE can't be compared with STRING",
    ),
    "a parameter": ("ts >= @start", 0, "TIMESTAMP can't be compared with DATE"),
}
ACCEPTED = {
    "numbers of several kinds": "n = price AND price < x AND n >= 1.5",
    "a day and a text in quotes": "day = '2013-01-01'",
    "an instant and a text in quotes": "ts >= '2013-01-01 00:00:00+00'",
    "a day and a local time": "day = moment",
    "a parameter": "day >= @start AND day < @end",
    "NULL": "n = NULL",
    "what is not known": "unknown = 1 AND unknown = 'a' AND d.f(n) = 'x'",
    "structs": "s = (1, 'a')",
    "truth values": "paid = (n > 1)",
    "a subquery": "n = (SELECT MAX(n) FROM d.t)",
}
SELECTS = {
    "WHERE of a text": ("SELECT n FROM d.t WHERE name", ["WHERE needs a condition, and this is STRING"]),
    "HAVING of a number": (
        "SELECT n FROM d.t GROUP BY n HAVING COUNT(*)",
        ["HAVING needs a condition, and this is INT64"],
    ),
    "SUM of a text": ("SELECT SUM(name) AS s FROM d.t", ["SUM needs numbers, and this is STRING"]),
    "AVG of a truth value": ("SELECT AVG(paid) AS s FROM d.t", ["AVG needs numbers, and this is BOOL"]),
    "SUM of distinct days": ("SELECT SUM(DISTINCT day) AS s FROM d.t", ["SUM needs numbers, and this is DATE"]),
    "in a query in WITH": (
        "WITH c AS (SELECT name AS m FROM d.t) SELECT SUM(m) AS s FROM c",
        ["SUM needs numbers, and this is STRING"],
    ),
    "a UNION of a number and a text": (
        "SELECT n, name FROM d.t UNION ALL SELECT n, ts FROM d.t",
        ["column 2 is STRING on one side of the UNION, TIMESTAMP here"],
    ),
    "a UNION of three": (
        "SELECT n FROM d.t UNION ALL SELECT x FROM d.t UNION ALL SELECT day FROM d.t",
        ["column 1 is INT64 on one side of the UNION, DATE here"],
    ),
    "a UNION of what can become one": (
        "SELECT n, day, NULL FROM d.t UNION ALL SELECT x, '2013-01-01', 'a' FROM d.t UNION ALL SELECT 1, NULL, 'b'",
        [],
    ),
    "a UNION by name": ("SELECT n, name FROM d.t UNION ALL BY NAME SELECT name, n FROM d.t", []),
    "arrays": ("SELECT n FROM d.t WHERE [n] = [1, 2]", ["arrays can't be compared"]),
    "JSON": ("SELECT n FROM d.t WHERE JSON '1' = JSON '1'", ["values of type JSON can't be compared"]),
    "structs with arrays": (
        "SELECT n FROM d.t WHERE STRUCT(1, STRUCT([n])) != STRUCT(1, STRUCT([2]))",
        ["structs with arrays in them can't be compared"],
    ),
    "structs by their order": ("SELECT n FROM d.t WHERE (n, 1) < (1, 2)", ["structs have no order"]),
    "structs, and intervals": ("SELECT n FROM d.t WHERE (n, 1) = (1, 2) AND INTERVAL 1 DAY < INTERVAL n DAY", []),
    "sums of numbers": (
        "SELECT SUM(n) AS a, AVG(price) AS b, SUM(DISTINCT x) AS c, SUM(IF(paid, 1, 0)) AS d FROM d.t",
        [],
    ),
    "a sum of what is not known": ("SELECT SUM(unknown) AS s FROM d.t WHERE unknown", []),
    "a sum of nothing": ("SELECT SUM(NULL) AS s FROM d.t WHERE NULL", []),
}


def found(sql: str) -> list[tuple[int, str]]:
    query = parse_select(sql, Document("models/d/m.sql", sql), 0)
    assert isinstance(query, Query), query
    analysis = analyse(query, SCHEMAS, "DATE")
    assert isinstance(analysis, Analysis), analysis
    return [(each.place.column - 1, each.message) for each in operand_problems(analysis)]


@pytest.mark.parametrize(("condition", "column", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(condition, column, message):
    start = "SELECT n FROM d.t WHERE "
    assert found(f"{start}{condition}") == [(len(start) + column, message)]


@pytest.mark.parametrize("condition", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted(condition):
    assert found(f"SELECT n FROM d.t WHERE {condition}") == []


@pytest.mark.parametrize(("sql", "messages"), SELECTS.values(), ids=SELECTS)
def test_conditions_and_sums(sql, messages):
    assert [message for _, message in found(sql)] == messages
