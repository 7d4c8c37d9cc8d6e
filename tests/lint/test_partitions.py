"""Rules about partitions: what they find, and the sound SQL in which they find nothing."""

from __future__ import annotations

import pytest
from linted import linted

DAY = "{by: flight_date, grain: day, from: 2013-01-01}"


def model(sql: str, inputs: str = "", partition: str = DAY, key: str = "flight_date") -> str:
    """A whole file: a SELECT with its partition maps and partitioning."""
    lines = [
        "description: An example.",
        "owner: ops-analytics@example.com",
        f"key: [{key}]",
        f"inputs: {inputs}" if inputs else "",
        f"partition: {partition}",
    ]
    return "\n".join(("/*---", *filter(None, lines), "---*/", sql))


FLIGHTS = "SELECT flight_date, COUNT(*) AS n FROM staging.flights"
TOTAL = "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, COUNT(*) AS n FROM staging.flights"
GROUP = "\nGROUP BY flight_date"

WEEK = "{by: week, grain: isoweek, from: 2012-12-31}"
WEEKS = "SELECT DATE_TRUNC(flight_date, ISOWEEK) AS week, COUNT(*) AS n FROM staging.flights"

OURS = "(A.*|L02[0-9])"

FOUND = {
    "all of a partitioned table, for each day": (
        model(TOTAL, "{staging.flights: all}"),
        ["1:74 L020"],
    ),
    "all of a table with a condition on another column": (
        model(f"{TOTAL}\nWHERE carrier = 'UA'", "{staging.flights: all}"),
        ["1:74 L020"],
    ),
    "another column of time": (
        model("SELECT DATE(actual_departure) AS flight_date, COUNT(*) AS n\nFROM staging.flights GROUP BY 1"),
        ["1:8 L021"],
    ),
    "before what is read": (model(f"{FLIGHTS}\nWHERE flight_date < @start{GROUP}"), ["2:7 L022"]),
    "after what is read": (model(f"{FLIGHTS}\nWHERE flight_date >= @end{GROUP}"), ["2:7 L022"]),
    "the end itself": (model(f"{FLIGHTS}\nWHERE flight_date = @end{GROUP}"), ["2:7 L022"]),
    "the day before, written the other way round": (
        model(f"{FLIGHTS}\nWHERE DATE_SUB(@start, INTERVAL 1 DAY) = flight_date{GROUP}"),
        ["2:7 L022"],
    ),
    "today, where last week is read": (
        model(f"{TOTAL}\nWHERE flight_date >= @start", "{staging.flights: {offset: 7 days}}"),
        ["2:7 L022"],
    ),
    "more than the days that are read": (
        model(f"{TOTAL}\nWHERE flight_date < DATE_SUB(@end, INTERVAL 7 DAY)", "{staging.flights: {last: 7 days}}"),
        ["2:7 L022"],
    ),
    "in WITH, where the column is handed on": (
        model(
            "WITH f AS (SELECT flight_date AS d, carrier FROM staging.flights)\n"
            "SELECT d AS flight_date, COUNT(*) AS n FROM f WHERE d < @start GROUP BY 1"
        ),
        ["2:53 L022"],
    ),
    "a week, where a day is read": (
        model(f"{TOTAL}\nWHERE flight_date BETWEEN DATE_SUB(@end, INTERVAL 7 DAY) AND DATE_SUB(@end, INTERVAL 1 DAY)"),
        ["2:7 L023"],
    ),
    "a week, by arithmetic": (model(f"{TOTAL}\nWHERE flight_date >= @start - 6"), ["2:7 L023"]),
    "the month, where a day is read": (
        model(f"{TOTAL}\nWHERE flight_date >= DATE_TRUNC(DATE_SUB(@start, INTERVAL 1 DAY), MONTH)"),
        ["2:7 L023"],
    ),
    "two weeks, where one is read": (
        model(f"{TOTAL}\nWHERE flight_date >= DATE_SUB(@end, INTERVAL 2 WEEK)", "{staging.flights: {last: 7 days}}"),
        ["2:7 L023"],
    ),
    "the future": (model(f"{TOTAL}\nWHERE flight_date < DATE_ADD(@end, INTERVAL 7 DAY)"), ["2:7 L023"]),
    "a day that is written out": (model(f"{FLIGHTS}\nWHERE flight_date = DATE '2013-03-01'{GROUP}"), ["2:7 L024"]),
    "two days that are written out": (
        model(f"{FLIGHTS}\nWHERE flight_date IN ('2013-03-01', '2013-03-02'){GROUP}"),
        ["2:7 L024"],
    ),
    "a beginning later than the model's": (
        model(f"{FLIGHTS}\nWHERE flight_date >= DATE(2013, 3, 1) AND NOT cancelled{GROUP}"),
        ["2:7 L024"],
    ),
    "an end, where the model has none": (model(f"{FLIGHTS}\nWHERE flight_date < '2014-01-01'{GROUP}"), ["2:7 L024"]),
    "two weeks, where a week is read": (
        model(f"{WEEKS}\nWHERE flight_date >= DATE_SUB(@start, INTERVAL 1 WEEK)\nGROUP BY week", "", WEEK, "week"),
        ["2:7 L023"],
    ),
    "the week before, where a week is read": (
        model(f"{WEEKS}\nWHERE flight_date < DATE_TRUNC(@start, WEEK(MONDAY))\nGROUP BY week", "", WEEK, "week"),
        ["2:7 L022"],
    ),
    "a beginning later than the first weeks": (
        model(f"{WEEKS}\nWHERE flight_date >= '2013-03-01'\nGROUP BY week", "", WEEK, "week"),
        ["2:7 L024"],
    ),
    "two months, where one is read at the end of a long one": (
        model(
            f"{TOTAL}\nWHERE flight_date >= DATE_SUB(@end, INTERVAL 2 MONTH)",
            "{staging.flights: {last: 1 month}}",
            "{by: flight_date, grain: day, from: 2013-03-30}",
        ),
        ["2:7 L023"],
    ),
    "an end before the model's": (
        model(
            f"{FLIGHTS}\nWHERE flight_date < '2013-12-01'{GROUP}",
            partition="{by: flight_date, grain: day, from: 2013-01-01, to: 2014-01-01}",
        ),
        ["2:7 L024"],
    ),
}
NOT_FOUND = {
    "all of a table, by a table that is rebuilt whole": """
        SELECT carrier, COUNT(*) AS n FROM staging.flights GROUP BY carrier""",
    "all of a table that has no partitions": model(
        "SELECT f.flight_date, MAX(a.name) AS n FROM staging.flights AS f\n"
        "JOIN dims.airports AS a ON a.airport = f.dest GROUP BY 1"
    ),
    "all of a table with a condition on its partition column": model(
        f"{TOTAL} WHERE flight_date >= DATE_SUB(@end, INTERVAL 30 DAY)", "{staging.flights: all}"
    ),
    "all of a table with a condition on what WITH makes of its partition column": model(
        "WITH f AS (SELECT DATE_TRUNC(flight_date, MONTH) AS m FROM staging.flights)\n"
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, COUNT(*) AS n FROM f WHERE m < @end",
        "{staging.flights: all}",
    ),
    "all of a table that is joined by its partition column": model(
        "SELECT d.flight_date, COUNT(*) AS n FROM marts.daily_performance AS d\n"
        "JOIN staging.flights AS f ON f.flight_date = d.flight_date GROUP BY d.flight_date",
        "{staging.flights: all}",
    ),
    "another column of time, with the interval": model(
        "SELECT DATE(actual_departure) AS flight_date, COUNT(*) AS n FROM staging.flights\n"
        "WHERE DATE(actual_departure) >= @start AND DATE(actual_departure) < @end GROUP BY 1",
        "{staging.flights: {last: 2 days}}",
    ),
    "a column that a join sets equal": model(
        "SELECT w.observed_date AS flight_date, COUNT(*) AS n FROM staging.flights AS f\n"
        "JOIN staging.weather AS w ON w.observed_date = f.flight_date GROUP BY 1",
        "{staging.weather: all}",
    ),
    "a column that WHERE sets equal": model(
        "SELECT c.day AS flight_date, COUNT(*) AS n FROM staging.flights AS f, lake.airports AS a,\n"
        "(SELECT DATE(dest) AS day FROM lake.flights) AS c WHERE c.day = f.flight_date GROUP BY 1"
    ),
    "the interval, written out": model(f"{FLIGHTS} WHERE flight_date >= @start AND flight_date < @end {GROUP}"),
    "the last day of the interval": model(f"{FLIGHTS} WHERE flight_date = DATE_SUB(@end, INTERVAL 1 DAY) {GROUP}"),
    "the end, once too much": model(f"{FLIGHTS} WHERE flight_date <= @end {GROUP}"),
    "days before, where a week is read": model(
        f"{TOTAL} WHERE flight_date < @start", "{staging.flights: {last: 7 days}}"
    ),
    "the whole week, where a week is read": model(
        f"{TOTAL} WHERE flight_date >= DATE_SUB(@end, INTERVAL 7 DAY)", "{staging.flights: {last: 7 days}}"
    ),
    "one condition or another": model(f"{FLIGHTS} WHERE flight_date < @start OR carrier = 'UA' {GROUP}"),
    "a comparison with another column": model(f"{FLIGHTS} WHERE flight_date < DATE(actual_departure) {GROUP}"),
    "every day but one": model(f"{FLIGHTS} WHERE flight_date != DATE '2013-02-12' {GROUP}"),
    "the beginning and the end of the model": model(
        f"{FLIGHTS} WHERE flight_date >= '2013-01-01' AND flight_date < '2014-01-01' {GROUP}",
        partition="{by: flight_date, grain: day, from: 2013-01-01, to: 2014-01-01}",
    ),
    "one input until a day and another from it on": model(
        "SELECT flight_date, carrier FROM staging.flights WHERE flight_date < '2013-06-01'\n"
        "UNION ALL\n"
        "SELECT flight_date, carrier FROM marts.daily_performance WHERE flight_date >= '2013-06-01'"
    ),
    "a constant for the joined table alone": model(
        "SELECT f.flight_date, COUNT(w.origin) AS n FROM staging.flights AS f\n"
        "LEFT JOIN (SELECT observed_date, origin FROM staging.weather WHERE observed_date >= '2013-06-01') AS w\n"
        "ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY 1"
    ),
    "days of a month": model(
        "SELECT DATE_TRUNC(flight_date, MONTH) AS flight_date, COUNT(*) AS n FROM staging.flights\n"
        "WHERE flight_date >= @start AND flight_date < DATE_ADD(@start, INTERVAL 14 DAY) GROUP BY 1",
        partition="{by: flight_date, grain: month, from: 2013-01-01}",
    ),
    "days of a week": model(
        f"{WEEKS} WHERE flight_date >= DATE_TRUNC(@start, ISOWEEK)\n"
        "AND flight_date < DATE_ADD(DATE_TRUNC(@start, WEEK(MONDAY)), INTERVAL 1 WEEK) GROUP BY week",
        partition=WEEK,
        key="week",
    ),
    "the week of a quarter before": model(
        f"{WEEKS} WHERE flight_date < @start GROUP BY week",
        "{staging.flights: {offset: 1 quarter}}",
        WEEK,
        "week",
    ),
    "a time of day": model(
        "SELECT time_hour, COUNT(*) AS n FROM lake.flights\n"
        "WHERE time_hour >= TIMESTAMP_ADD(@start, INTERVAL 30 MINUTE) GROUP BY time_hour",
        partition="{by: time_hour, grain: hour, from: 2013-01-01}",
        key="time_hour",
    ),
}


@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_found_and_where(text, expected):
    assert linted(text, codes=OURS) == expected


@pytest.mark.parametrize("text", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found(text):
    assert linted(text, codes=OURS) == []
