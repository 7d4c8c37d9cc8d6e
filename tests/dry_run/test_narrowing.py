"""Which partitions the conditions of a query leave."""

from __future__ import annotations

from datetime import date

import pytest

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.dry_run.narrowing import Narrowed, narrowed

BOUNDS = {"start": date(2025, 1, 5), "end": date(2025, 1, 6)}


def left(sql: str, type_: ColumnType = ColumnType.DATE, bounds=BOUNDS) -> Narrowed | None:
    """What is left of the first nine days of a year; as digits, where that is something."""
    calendar = Calendar("day", type_, Grain.DAY, "UTC")
    return narrowed(sql, "lake.facts", calendar, [f"2025-01-0{day}" for day in range(1, 10)], bounds)


def digits(found: Narrowed | None) -> str:
    assert found is not None
    return "".join(each[-1] for each in found.partitions)


CONDITIONS = {
    "day = '2025-01-03'": "3",
    "day >= '2025-01-07'": "789",
    "day > '2025-01-07'": "89",
    "DATE '2025-01-03' > day": "12",
    "DATE '2025-01-03' <= day": "3456789",
    "day <= DATE '2025-01-02'": "12",
    "day BETWEEN '2025-01-02' AND '2025-01-04'": "234",
    "day IN ('2025-01-02', '2025-01-08')": "28",
    "day = '2025-01-01' OR (day > '2025-01-07' AND day < '2025-01-09')": "18",
    "day >= @start AND day < @end": "5",
    "day >= DATE_SUB(@end, INTERVAL 3 DAY) AND day < @end": "345",
    "DAY >= DATE_ADD(@start, INTERVAL 1 WEEK)": "",
    "n > 3 AND day > '2025-01-07'": "89",
    "DATE_TRUNC(day, DAY) = DATE('2025-01-03')": "3",
    "DATE_TRUNC(day, MONTH) = '2025-01-01'": "123456789",
    "DATE_TRUNC(day, MONTH) > '2025-01-01'": "",
    "DATE '2024-12-31' < DATE_TRUNC(day, QUARTER) AND day < '2025-01-03'": "12",
    "CAST(day AS DATE) <= @start": "12345",
    "EXTRACT(YEAR FROM day) = 2024": "",
    "EXTRACT(YEAR FROM day) IN (2023, 2025)": "123456789",
    "2024 < EXTRACT(YEAR FROM day) AND EXTRACT(YEAR FROM day) BETWEEN 2024 AND 2025": "123456789",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_a_condition_leaves(condition: str):
    found = left(f"SELECT n FROM lake.facts WHERE {condition}")

    assert digits(found) == CONDITIONS[condition]
    assert found is not None
    assert found.is_certain


MOMENTS = {
    "day >= '2025-01-08 12:00:00'": "89",
    "day > TIMESTAMP '2025-01-08 23:59:59.999999'": "9",
    "day < '2025-01-02 00:00:00+01:00'": "1",
    "day < TIMESTAMP_SUB(TIMESTAMP '2025-01-03', INTERVAL 25 HOUR)": "1",
    "day >= TIMESTAMP('2025-01-08 12:00:00')": "89",
    "DATE(day) = '2025-01-03'": "3",
    "DATE(day) BETWEEN '2025-01-03' AND DATE('2025-01-04')": "34",
    "DATE '2025-01-08' <= DATE(day)": "89",
    "CAST(day AS DATE) IN ('2025-01-03', DATE '2025-01-05')": "35",
    "TIMESTAMP_TRUNC(day, DAY) = TIMESTAMP('2025-01-03')": "3",
    "TIMESTAMP_TRUNC(day, DAY) = '2025-01-03 01:00:00'": "",
    "TIMESTAMP_TRUNC(day, HOUR) >= '2025-01-08 23:00:00'": "89",
    "TIMESTAMP_TRUNC(day, HOUR) > '2025-01-08 23:00:00'": "9",
    "TIMESTAMP_TRUNC(day, YEAR) = '2025-01-01'": "123456789",
    "EXTRACT(YEAR FROM day) >= 2026": "",
}


@pytest.mark.parametrize("condition", MOMENTS)
def test_what_a_condition_on_moments_leaves(condition: str):
    assert digits(left(f"SELECT n FROM lake.facts WHERE {condition}", ColumnType.TIMESTAMP)) == MOMENTS[condition]


QUERIES = {
    "by its alias": ("SELECT f.n FROM lake.facts AS f WHERE f.day > '2025-01-07'", "89"),
    "in an inner join": ("SELECT f.n FROM lake.other JOIN lake.facts AS f USING (k) WHERE f.day > '2025-01-07'", "89"),
    "on a subquery": (
        "SELECT n FROM (SELECT * FROM lake.facts WHERE day >= @start) AS f WHERE f.day < '2025-01-07'",
        "56",
    ),
    "under another name": ("SELECT n FROM (SELECT day AS d, n FROM lake.facts) WHERE d > '2025-01-07'", "89"),
    "on a query of WITH": ("WITH f AS (SELECT day, n FROM lake.facts) SELECT n FROM f WHERE day > '2025-01-07'", "89"),
    "in each of two places": (
        "SELECT n FROM lake.facts WHERE day = '2025-01-01' UNION ALL SELECT n FROM lake.facts WHERE day = '2025-01-08'",
        "18",
    ),
}


@pytest.mark.parametrize("what", QUERIES)
def test_where_a_condition_may_stand(what: str):
    sql, expected = QUERIES[what]

    assert digits(left(sql)) == expected


NOTHING = {
    "no condition": "SELECT n FROM lake.facts",
    "on another column": "SELECT n FROM lake.facts WHERE n > 3",
    "on two columns": "SELECT n FROM lake.facts WHERE day > '2025-01-07' OR n > 3",
    "with a subquery": "SELECT n FROM lake.facts WHERE day > (SELECT MAX(day) FROM lake.other)",
    "of another table": "SELECT f.n FROM lake.facts AS f JOIN lake.other AS o USING (k) WHERE o.day > '2025-01-07'",
    "of nobody knows which table": "SELECT n FROM lake.facts JOIN lake.other USING (k) WHERE day > '2025-01-07'",
    "beside an outer join": """SELECT n FROM lake.other AS o LEFT JOIN lake.facts AS f USING (k)
        WHERE f.day > '2025-01-07'""",
    "beside a number of rows": """SELECT n FROM (SELECT day, ROW_NUMBER() OVER (ORDER BY n) AS n FROM lake.facts)
        WHERE day > '2025-01-07'""",
    "behind a window": """SELECT n FROM (SELECT day, n FROM lake.facts QUALIFY RANK() OVER (ORDER BY n) = 1)
        WHERE day > '2025-01-07'""",
    "behind LIMIT": "SELECT n FROM (SELECT day, n FROM lake.facts LIMIT 9) WHERE day > '2025-01-07'",
    "a query of WITH that is read twice": """WITH f AS (SELECT day, n FROM lake.facts)
        SELECT n FROM f WHERE day > '2025-01-07' UNION ALL SELECT n FROM f""",
    "in one of two places": "SELECT n FROM lake.facts WHERE day = '2025-01-01' UNION ALL SELECT n FROM lake.facts",
    "of what is made from the column": """SELECT n FROM (SELECT day + 1 AS day, n FROM lake.facts)
        WHERE day > '2025-01-07'""",
    "a function that does not keep the order": "SELECT n FROM lake.facts WHERE EXTRACT(MONTH FROM day) = 2",
    "a year in a zone": "SELECT n FROM lake.facts WHERE EXTRACT(YEAR FROM day AT TIME ZONE 'Asia/Tokyo') = 2024",
    "a date in a zone": "SELECT n FROM lake.facts WHERE DATE(day, 'Asia/Tokyo') = '2025-01-03'",
    "weeks, which begin on this day or that": "SELECT n FROM lake.facts WHERE DATE_TRUNC(day, WEEK) = '2025-01-05'",
    "a number that is no year": "SELECT n FROM lake.facts WHERE day > 2024",
    "a cast that may fail": "SELECT n FROM lake.facts WHERE SAFE_CAST(day AS DATE) = '2025-01-03'",
    "a function of another column, too": "SELECT n FROM lake.facts WHERE DATE_TRUNC(day, MONTH) > other",
    "a text that is no date": "SELECT n FROM lake.facts WHERE day > 'yesterday'",
    "a parameter of which the value is not known": "SELECT n FROM lake.facts WHERE day > @other",
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_leaves_everything(what: str):
    assert left(NOTHING[what]) is None


def test_another_condition_may_leave_less():
    found = left("SELECT n FROM lake.facts WHERE day > '2025-01-05' AND EXTRACT(DAYOFWEEK FROM day) = 2")

    assert digits(found) == "6789"
    assert found is not None
    assert not found.is_certain
