"""What may be aggregated once more, what may be divided, and which joins repeat rows."""

from __future__ import annotations

import pytest
from linted import linted

DAYS = """WITH days AS (
  SELECT
    flight_date, carrier, origin, COUNT(*) AS flights, COUNT(dep_delay) AS departures, AVG(dep_delay) AS delay,
    SAFE_DIVIDE(COUNTIF(cancelled), COUNT(*)) AS rate, COUNT(DISTINCT tailnum) AS planes, SUM(distance) AS miles
  FROM staging.flights
  GROUP BY flight_date, carrier, origin
)
"""


def found_in(select: str) -> list[str]:
    """The findings in a SELECT from ``days``."""
    sql = f"{DAYS}SELECT flight_date, {select} FROM days GROUP BY flight_date"
    return [each.split()[1] for each in linted(sql)]


@pytest.mark.parametrize(
    ("select", "expected"),
    {
        "an average of averages": ("AVG(delay) AS delay", ["L040"]),
        "an average of ratios": ("AVG(rate) AS rate", ["L040"]),
        "in percent, rounded": ("ROUND(AVG(100 * rate), 1) AS rate", ["L040"]),
        "of a default": ("AVG(COALESCE(rate, 0)) AS rate", ["L040"]),
        "of some": ("AVG(IF(flights > 10, rate, NULL)) AS rate", ["L040"]),
        "a sum of averages": ("SUM(delay) AS delay", ["L041"]),
        "a sum of ratios in another unit": ("SUM(rate / 100) AS rate", ["L041"]),
        "a sum of distinct counts": ("SUM(planes) AS planes", ["L042"]),
        "a sum of distinct counts with a type": ("SUM(CAST(planes AS FLOAT64)) AS planes", ["L042"]),
        "a sum of sums": ("SUM(miles) AS miles", []),
        "a sum of counts": ("SUM(flights) AS flights", []),
        "an average of counts": ("AVG(flights) AS flights", []),
        "an average of distinct counts": ("AVG(planes) AS planes", ["L081"]),
        "an average of distinct counts that is called so": ("AVG(planes) AS mean_planes", []),
        "the best of ratios": ("MAX(rate) AS rate", []),
        "a weighted sum": ("SUM(rate * flights) AS cancellations", []),
        "a ratio of sums": ("SAFE_DIVIDE(SUM(miles), SUM(flights)) AS miles_per_flight", []),
        "hours": ("SUM(miles) / 60 AS hours", []),
    }.values(),
    ids=lambda value: str(value)[:50],
)
def test_aggregates_of_aggregates(select, expected):
    assert found_in(select) == expected


def test_the_kind_of_a_number_is_known_through_with_and_union():
    sql = f"""{DAYS},
    both AS (SELECT flight_date, delay AS d FROM days UNION ALL SELECT flight_date, delay * 2 FROM days),
    renamed AS (SELECT flight_date, d AS minutes FROM both)
    SELECT flight_date, AVG(minutes) AS minutes FROM renamed GROUP BY flight_date"""

    assert [each.split()[1] for each in linted(sql)] == ["L040"]


def test_of_two_kinds_in_a_union_nothing_is_said():
    sql = f"""{DAYS},
    both AS (SELECT flight_date, delay AS d FROM days UNION ALL SELECT flight_date, miles FROM days)
    SELECT flight_date, SUM(d) AS d FROM both GROUP BY flight_date"""

    assert linted(sql) == []


def test_a_moving_average_of_rates_is_fine():
    window = "PARTITION BY flight_date, carrier ORDER BY origin"
    sql = f"{DAYS}SELECT flight_date, AVG(rate) OVER ({window}) AS rate FROM days"

    assert linted(sql) == []


def test_an_average_in_the_table_of_another_model():
    sql = "SELECT flight_date, AVG(on_time_rate) AS rate FROM marts.daily_performance GROUP BY flight_date"

    assert [each.split()[1] for each in linted(sql)] == ["L040"]


DIVISIONS = {
    "by a column": ("distance / air_time", ["L044"]),
    "of integers": ("DIV(distance, air_time)", ["L044"]),
    "a remainder": ("MOD(distance, air_time)", ["L044"]),
    "by a difference": ("1 / (arr_delay - dep_delay)", ["L044"]),
    "by what may be zero all the same": ("IF(distance > 0, 1 / air_time, 0)", ["L044"]),
    "by a constant": ("distance / 1.609", []),
    "by an expression of constants": ("distance / (60 * 60)", []),
    "safely": ("SAFE_DIVIDE(distance, air_time)", []),
    "by NULL instead of zero": ("distance / NULLIF(air_time, 0)", []),
    "by NULL instead of zero, in parentheses": ("distance / (NULLIF(air_time, 0))", []),
    "in IF": ("IF(air_time > 0, distance / air_time, NULL)", []),
    "in CASE": ("CASE WHEN air_time = 0 THEN 0 ELSE distance / air_time END", []),
    "in a branch of CASE": ("CASE WHEN air_time <> 0 THEN distance / air_time END", []),
    "in a nested expression": ("IF(air_time <> 0, ROUND(60 * (distance / air_time), 1), NULL)", []),
    "by the logistic function": ("1 / (1 + EXP(-dep_delay))", []),
    "by at least one": ("distance / GREATEST(air_time, 1)", []),
    "by the rows of a window": ("1 / COUNT(*) OVER (PARTITION BY flight_date)", []),
}


@pytest.mark.parametrize(("expression", "expected"), DIVISIONS.values(), ids=DIVISIONS)
def test_divisions(expression, expected):
    found = linted(f"SELECT flight_date, {expression} AS x FROM staging.flights")

    assert [each.split()[1] for each in found] == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT flight_date, SUM(distance) / COUNT(*) AS x FROM staging.flights GROUP BY flight_date", []),
        ("SELECT flight_date, SUM(distance) / COUNT(tailnum) AS x FROM staging.flights GROUP BY flight_date", ["L044"]),
        ("SELECT flight_date, distance / air_time AS x FROM staging.flights WHERE air_time > 0", []),
        (
            """SELECT flight_date, SUM(distance) / SUM(air_time) AS x
            FROM staging.flights GROUP BY flight_date HAVING SUM(air_time) > 0""",
            [],
        ),
        (
            """WITH counted AS (
              SELECT flight_date, COUNT(*) AS n, SUM(distance) AS miles FROM staging.flights GROUP BY flight_date
            )
            SELECT flight_date, miles / n AS x FROM counted""",
            [],
        ),
        (
            """WITH counted AS (SELECT flight_date, COUNT(tailnum) AS n FROM staging.flights GROUP BY flight_date)
            SELECT flight_date, 1 / n AS x FROM counted""",
            ["L044"],
        ),
        (
            """WITH counted AS (
              SELECT flight_date, COUNT(tailnum) AS n FROM staging.flights GROUP BY flight_date HAVING n > 0
            ),
            renamed AS (SELECT flight_date, n AS planes FROM counted)
            SELECT flight_date, 1 / planes AS x FROM renamed""",
            [],
        ),
        (
            """WITH counted AS (SELECT flight_date, COUNT(tailnum) AS n FROM staging.flights GROUP BY flight_date)
            SELECT flight_date, 1 / n AS x FROM (SELECT * FROM counted WHERE n > 0)""",
            [],
        ),
        (
            """WITH counted AS (
              SELECT flight_date, COUNT(tailnum) AS n, COUNT(*) AS m FROM staging.flights
              GROUP BY flight_date HAVING m > 0
            )
            SELECT flight_date, 1 / n AS x FROM counted""",
            ["L044"],
        ),
        (
            """SELECT f.flight_date, 1 / p.seats AS x FROM staging.flights AS f
            JOIN dims.planes AS p ON p.tailnum = f.tailnum AND p.seats > 0""",
            [],
        ),
        (
            """SELECT f.flight_date, 1 / p.seats AS x FROM staging.flights AS f
            LEFT JOIN dims.planes AS p ON p.tailnum = f.tailnum AND p.seats <> f.distance""",
            ["L044"],
        ),
        (
            """SELECT flight_date, carrier, COUNT(*) / SUM(COUNT(*)) OVER (PARTITION BY flight_date) AS x
            FROM staging.flights GROUP BY flight_date, carrier""",
            [],
        ),
    ],
    ids=[
        "by the rows of a group",
        "by some",
        "after WHERE",
        "after HAVING",
        "by rows counted in WITH",
        "by some in WITH",
        "after HAVING in WITH, renamed",
        "after WHERE of a subquery",
        "after HAVING of something else",
        "after ON",
        "after ON of an outer join",
        "by the rows of all groups",
    ],
)
def test_divisions_in_a_query(sql, expected):
    assert [each.split()[1] for each in linted(sql)] == expected


@pytest.mark.parametrize(
    ("name", "expression", "expected"),
    [
        ("price", "distance * 0.11", ["L045"]),
        ("ticket_price_eur", "distance * 0.11", ["L045"]),
        ("price", "CAST(distance * 0.11 AS NUMERIC)", []),
        ("price_cents", "distance", []),
        ("price_cents / 100", "distance", ["L045"]),
        ("price_cents * tax_rate", "distance", []),
        ("tax_rate", "distance * 0.11", []),
        ("miles_per_dollar", "distance * 0.11", []),
        ("costume", "distance * 0.11", []),
    ],
    ids=str,
)
def test_sums_of_money(name, expression, expected):
    sql = f"""SELECT flight_date, SUM({name}) AS total
    FROM (SELECT flight_date, {expression} AS {name.split()[0]}, 0.2 AS tax_rate FROM staging.flights)
    GROUP BY flight_date"""

    assert [each.split()[1] for each in linted(sql)] == expected


JOINS = {
    "a fact with part of the key of another": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        ["L043"],
    ),
    "the side of many": (
        """SELECT f.flight_date, SUM(p.flights) AS x FROM dims.planes AS p
        JOIN staging.flights AS f ON f.tailnum = p.tailnum GROUP BY f.flight_date""",
        ["L043"],
    ),
    "counts and averages": (
        """SELECT f.flight_date, AVG(f.distance) AS a, COUNT(f.tailnum) AS b, COUNTIF(f.cancelled) AS c
        FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        ["L043", "L043", "L043"],
    ),
    "a dimension by its key": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN dims.airports AS a ON a.airport = f.dest GROUP BY f.flight_date""",
        [],
    ),
    "a dimension by USING": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN dims.planes AS p USING (tailnum) GROUP BY f.flight_date""",
        [],
    ),
    "the whole key": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN staging.weather AS w ON w.time_hour = f.time_hour AND w.origin = f.origin
          AND w.observed_date = f.flight_date
        GROUP BY f.flight_date""",
        [],
    ),
    "the key in WHERE": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f, dims.airports AS a
        WHERE a.airport = f.dest GROUP BY f.flight_date""",
        [],
    ),
    "a key that is held fixed": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.time_hour = f.time_hour
        WHERE w.origin = 'JFK' GROUP BY f.flight_date""",
        [],
    ),
    "the largest of a repeated column": (
        """SELECT f.flight_date, MAX(f.distance) AS miles, COUNT(DISTINCT f.tailnum) AS n FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        [],
    ),
    "pairs counted on purpose": (
        """SELECT f.flight_date, COUNT(*) AS pairs FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        [],
    ),
    "a group per row of the other": (
        """SELECT f.flight_date, w.time_hour, w.origin, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin
        GROUP BY f.flight_date, w.time_hour, w.origin""",
        [],
    ),
    "one side aggregated before": (
        """WITH winds AS (
          SELECT observed_date, origin, MAX(wind_speed_mph) AS wind FROM staging.weather GROUP BY observed_date, origin
        )
        SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        LEFT JOIN winds AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        [],
    ),
    "one side aggregated more finely": (
        """WITH winds AS (
          SELECT observed_date, origin, time_hour, MAX(wind_speed_mph) AS wind FROM staging.weather
          GROUP BY observed_date, origin, time_hour
        )
        SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        LEFT JOIN winds AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        ["L043"],
    ),
    "a source, whose key nobody knows": (
        """SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f
        JOIN lake.planes AS p ON p.tailnum = f.tailnum GROUP BY f.flight_date""",
        [],
    ),
    "totals joined to everything": (
        """WITH total AS (SELECT MAX(seats) AS seats FROM dims.planes)
        SELECT f.flight_date, SUM(f.distance) AS miles FROM staging.flights AS f CROSS JOIN total
        GROUP BY f.flight_date""",
        [],
    ),
    "a product of both sides": (
        """SELECT f.flight_date, SUM(f.distance * w.wind_speed_mph) AS x FROM staging.flights AS f
        JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin GROUP BY f.flight_date""",
        [],
    ),
}


CROSS = "CROSS JOIN UNNEST(f.legs) AS leg"
ARRAYS = {
    "a sum behind an array": ("SUM(f.distance) AS x", CROSS, ["L043"]),
    "in a LEFT JOIN": ("SUM(f.distance) AS x", "LEFT JOIN UNNEST(f.legs) AS leg ON TRUE", ["L043"]),
    "a mean beside what is counted of the array": ("AVG(f.distance) AS x, COUNT(leg) AS n", CROSS, ["L043"]),
    "a sum of elements": ("SUM(leg) AS x", CROSS, []),
    "elements counted": ("COUNT(*) AS x", CROSS, []),
    "distinct rows": ("COUNT(DISTINCT f.flight) AS x", CROSS, []),
    "a chosen element": ("SUM(f.distance) AS x", f"{CROSS} WHERE leg = 1", []),
    "a weighted sum": ("SUM(f.distance * leg) AS x", CROSS, []),
}


@pytest.mark.parametrize(("select", "join", "expected"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_repeat_rows(select, join, expected):
    sql = f"""WITH f AS (SELECT flight_date, flight, distance, [1, 2] AS legs FROM staging.flights)
    SELECT f.flight_date, {select} FROM f {join} GROUP BY f.flight_date"""

    assert [each.split()[1] for each in linted(sql)] == expected


def test_elements_belong_to_one_row():
    sql = """SELECT h.date, SUM(leg) AS legs
    FROM (SELECT DATE(time_hour, 'UTC') AS date, time_hour, origin, [1, 2] AS legs FROM staging.weather) AS h
    CROSS JOIN UNNEST(h.legs) AS leg GROUP BY h.date"""

    assert linted(sql, codes="L043") == []


def test_rows_grouped_by_elements_are_repeated_on_purpose():
    sql = """WITH f AS (SELECT flight_date, distance, [STRUCT(1 AS stop)] AS legs FROM staging.flights)
    SELECT f.flight_date, leg.stop, SUM(f.distance) AS miles FROM f CROSS JOIN UNNEST(f.legs) AS leg
    GROUP BY f.flight_date, leg.stop"""

    assert linted(sql) == []


@pytest.mark.parametrize(("sql", "expected"), JOINS.values(), ids=JOINS)
def test_joins_that_repeat_rows(sql, expected):
    assert [each.split()[1] for each in linted(sql)] == expected
