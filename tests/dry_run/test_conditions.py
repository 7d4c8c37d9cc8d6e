"""Whether a query filters a table by a column."""

from __future__ import annotations

import pytest

from aggregator.dry_run.conditions import is_tested

TESTED = {
    "in WHERE": "SELECT n FROM lake.facts WHERE day > '2025-01-01'",
    "in any case": "SELECT n FROM lake.facts WHERE Day > '2025-01-01'",
    "by its alias": "SELECT n FROM lake.facts AS f WHERE f.day > '2025-01-01'",
    "inside a function": "SELECT n FROM lake.facts WHERE EXTRACT(YEAR FROM day) = 2025",
    "behind WITH": "WITH w AS (SELECT day, n FROM lake.facts) SELECT n FROM w WHERE day > '2025-01-01'",
    "under another name": "SELECT n FROM (SELECT day AS d, n FROM lake.facts) WHERE d > '2025-01-01'",
    "under a third name": """
        WITH a AS (SELECT day AS d, n FROM lake.facts), b AS (SELECT DATE_TRUNC(d, MONTH) AS m, n FROM a)
        SELECT n FROM b WHERE m > '2025-01-01'""",
    "in a join": "SELECT f.n FROM lake.other AS o JOIN lake.facts AS f ON f.day > '2025-01-01'",
    "in the WHERE of a join": "SELECT f.n FROM lake.other AS o JOIN lake.facts AS f USING (k) WHERE f.day > @start",
    "in USING": "SELECT n FROM lake.other JOIN lake.facts USING (k, day)",
    "in a subquery": "SELECT k FROM lake.other WHERE k IN (SELECT k FROM lake.facts WHERE day > '2025-01-01')",
}
NOT_TESTED = {
    "nowhere": "SELECT day, n FROM lake.facts",
    "only selected": "SELECT day FROM lake.facts WHERE n > 0",
    "only grouped by": "SELECT day, SUM(n) AS n FROM lake.facts WHERE k = 'a' GROUP BY day ORDER BY day",
    "in the filter of another table": """
        SELECT f.n, o.n AS m FROM lake.facts AS f
        JOIN (SELECT * FROM lake.other WHERE day >= @start AND day < @end) AS o ON o.k = f.k""",
}


@pytest.mark.parametrize("sql", TESTED.values(), ids=TESTED)
def test_a_condition_on_the_column(sql):
    assert is_tested(sql, "lake.facts", "day")


@pytest.mark.parametrize("sql", NOT_TESTED.values(), ids=NOT_TESTED)
def test_no_condition_on_the_column(sql):
    assert not is_tested(sql, "lake.facts", "day")
