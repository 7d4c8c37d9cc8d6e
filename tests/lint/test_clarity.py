"""What reads otherwise than it works."""

from __future__ import annotations

import pytest
from linted import diagnostics, example, linted

from aggregator.core.diagnostics import Document
from aggregator.core.project import Kind
from aggregator.lint.fix import mend

FOUND = {
    "a query in WITH that only reads itself": (
        (
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5)\n"
            "SELECT flight_date, carrier FROM staging.flights"
        ),
        ["1:16 L051"],
    ),
    "two that are not read": (
        "WITH a AS (SELECT 1 AS x),\nb AS (SELECT 2 AS x)\nSELECT flight_date, carrier FROM staging.flights",
        ["1:6 L051", "2:1 L051"],
    ),
    "an ordinal in ORDER BY": (
        "SELECT flight_date, carrier FROM staging.flights ORDER BY 2, 1 LIMIT 5",
        ["1:59 L052"],
    ),
    "an ordinal behind a union": (
        "SELECT flight_date FROM staging.flights UNION ALL\nSELECT flight_date FROM staging.flights ORDER BY 1 LIMIT 5",
        ["2:50 L052"],
    ),
    "an ordinal beside a name": (
        "SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights GROUP BY flight_date, 2",
        ["1:87 L052"],
    ),
    "the day of a moment": ("SELECT flight_date, DATE(time_hour) AS d FROM staging.flights", ["1:21 L053"]),
    "a moment as a date": ("SELECT flight_date, CAST(time_hour AS DATE) AS d FROM staging.flights", ["1:26 L053"]),
    "a moment as a text": (
        "SELECT flight_date, FORMAT_TIMESTAMP('%F', time_hour) AS d FROM staging.flights",
        ["1:21 L053"],
    ),
    "the month of a moment": (
        "SELECT flight_date, TIMESTAMP_TRUNC(time_hour, MONTH) AS m FROM staging.flights",
        ["1:21 L053"],
    ),
    "a reserved alias of a query in WITH": (
        "WITH `window` AS (SELECT flight_date FROM staging.flights)\nSELECT flight_date FROM `window`",
        ["1:6 L054"],
    ),
    "a column in two spellings": (
        "SELECT flight_date, Carrier AS c,\n  carrier || '1' AS d, carrier || '2' AS e FROM staging.flights",
        ["1:21 L055"],
    ),
    "an alias that hides a column in GROUP BY": (
        (
            "SELECT MAX(flight_date) AS flight_date, LOWER(carrier) AS carrier, COUNT(*) AS n\n"
            "FROM staging.flights GROUP BY carrier"
        ),
        ["2:31 L056"],
    ),
    "a total in WHERE": (
        "SELECT flight_date, SUM(distance) AS distance FROM staging.flights\nWHERE distance > 9 GROUP BY flight_date",
        ["2:7 L056"],
    ),
    "a column without its table": (
        "SELECT f.flight_date, name\nFROM staging.flights AS f JOIN dims.airports AS a ON a.airport = f.dest",
        ["1:23 L057"],
    ),
    "columns without their tables in a condition": (
        "SELECT f.flight_date FROM staging.flights AS f JOIN dims.airports AS a\nON airport = dest",
        ["2:4 L057"],
    ),
    "DISTINCT and GROUP BY": (
        "SELECT DISTINCT flight_date FROM staging.flights GROUP BY flight_date",
        ["1:17 L058"],
    ),
    "a comparison with NULL in JOIN": (
        (
            "SELECT f.flight_date FROM staging.flights AS f JOIN dims.airports AS a\n"
            "ON a.airport = f.dest AND a.name != NULL"
        ),
        ["2:29 L059"],
    ),
    "a case of NULL": (
        "SELECT flight_date, CASE carrier WHEN NULL THEN 'none' ELSE carrier END AS c FROM staging.flights",
        ["1:49 L059"],
    ),
    "NOT IN with NULL in its list": (
        "SELECT flight_date FROM staging.flights WHERE carrier NOT IN ('UA', NULL)",
        ["1:47 L060"],
    ),
    "NOT IN in a column that may be NULL": (
        (
            "SELECT flight_date FROM staging.flights\n"
            "WHERE tailnum NOT IN (SELECT tailnum FROM staging.flights WHERE cancelled)"
        ),
        ["2:30 L060"],
    ),
    "HAVING without a group": (
        (
            "SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights GROUP BY flight_date, carrier\n"
            "HAVING carrier = 'UA' AND flight_date > '2013-01-01'"
        ),
        ["2:8 L061"],
    ),
    "HAVING with a condition on groups and one on rows": (
        (
            "SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights GROUP BY flight_date, carrier\n"
            "HAVING COUNT(*) > 10 AND carrier = 'UA'"
        ),
        ["2:26 L061"],
    ),
    "an order in WITH": (
        "WITH f AS (SELECT flight_date FROM staging.flights\nORDER BY dep_delay)\nSELECT flight_date FROM f",
        ["2:10 L062"],
    ),
    "a distinct pair": (
        "SELECT flight_date, COUNT(DISTINCT origin, dest) AS n FROM staging.flights GROUP BY flight_date",
        ["1:21 L063"],
    ),
    "an outer join and a list": (
        (
            "SELECT f.flight_date FROM staging.flights AS f LEFT JOIN dims.airports AS a ON a.airport = f.dest\n"
            "WHERE f.distance > 5 AND a.time_zone IN ('America/Denver', 'America/Chicago')"
        ),
        ["2:28 L064"],
    ),
    "an interval with its end": (
        (
            "SELECT @start AS flight_date, tailnum FROM dims.planes\n"
            "WHERE last_flight_date >= @start AND last_flight_date <= @end"
        ),
        ["2:38 L065"],
    ),
}
NOT_FOUND = {
    "WITH that is read in a subquery": """
        WITH a AS (SELECT 'UA' AS carrier)
        SELECT flight_date FROM staging.flights WHERE carrier IN (SELECT carrier FROM a)""",
    "WITH that is read by another, in another case": """
        WITH a AS (SELECT flight_date FROM staging.flights), b AS (SELECT flight_date FROM A)
        SELECT flight_date FROM b""",
    "pipe syntax": "FROM staging.flights |> WHERE dep_delay > 15 |> SELECT flight_date, carrier",
    "pipe syntax with an aggregate": """
        FROM staging.flights |> AGGREGATE COUNT(*) AS n GROUP BY flight_date |> WHERE n > 15""",
    "the number one in a window's order": """
        SELECT flight_date, SUM(distance) OVER (PARTITION BY flight_date ORDER BY carrier, flight, origin) AS miles
        FROM staging.flights""",
    "a number in LIMIT": "SELECT flight_date, carrier FROM staging.flights ORDER BY carrier, flight, origin LIMIT 5",
    "the day of a moment in a zone": """
        SELECT flight_date, DATE(time_hour, 'America/New_York') AS d, DATE(time_hour, 'UTC') AS e,
        EXTRACT(HOUR FROM time_hour AT TIME ZONE 'America/New_York') AS h, FORMAT_TIMESTAMP('%F', time_hour, 'UTC') AS t
        FROM staging.flights""",
    "the minute of a moment": "SELECT flight_date, EXTRACT(MINUTE FROM scheduled_departure) AS m FROM staging.flights",
    "the hour of a moment, as a moment": """
        SELECT flight_date, TIMESTAMP_TRUNC(scheduled_departure, HOUR) AS h FROM staging.flights""",
    "the month of a date": "SELECT flight_date, EXTRACT(MONTH FROM flight_date) AS m FROM staging.flights",
    "a difference between moments": """
        SELECT flight_date, TIMESTAMP_DIFF(actual_departure, scheduled_departure, MINUTE) AS m FROM staging.flights""",
    "a moment in a table whose days are those of UTC": "SELECT origin, DATE(time_hour) AS d FROM staging.weather",
    "names that are no keywords": """
        SELECT flight_date, carrier AS rank, COUNT(*) AS count, MAX(origin) AS date, MAX(dest) AS month
        FROM staging.flights GROUP BY flight_date, rank""",
    "an output column in another case": "SELECT flight_date, carrier AS Carrier, origin AS ORIGIN FROM staging.flights",
    "an output column in another case, read in another SELECT": """
        WITH f AS (SELECT flight_date, carrier AS Carrier FROM staging.flights) SELECT flight_date, Carrier FROM f""",
    "a default under the same name": """
        SELECT flight_date, COALESCE(tailnum, 'none') AS tailnum FROM staging.flights WHERE tailnum <> 'N1'""",
    "a total under the name of its column": """
        SELECT flight_date, SUM(distance) AS distance FROM staging.flights
        GROUP BY flight_date HAVING SUM(distance) > 9""",
    "a column that is only renamed": """
        SELECT flight_date, f.carrier AS carrier, COUNT(*) AS n
        FROM staging.flights AS f GROUP BY flight_date, carrier""",
    "the expression repeated in GROUP BY": """
        SELECT flight_date, LOWER(carrier) AS carrier, COUNT(*) AS n
        FROM staging.flights GROUP BY flight_date, LOWER(carrier)""",
    "the name of a step in a pipe": """
        FROM staging.flights |> WHERE dep_delay > 0 |> AS late
        |> AGGREGATE COUNT(late.carrier) AS n GROUP BY late.flight_date""",
    "a condition on the rows of totals": """
        SELECT flight_date, carrier, COUNT(*) AS n FROM staging.flights
        GROUP BY ROLLUP (flight_date, carrier) HAVING flight_date IS NOT NULL""",
    "exceptions of the star of one table": """
        SELECT f.flight_date, p.* EXCEPT (tailnum)
        FROM staging.flights AS f JOIN (SELECT tailnum, seats FROM dims.planes) AS p ON p.tailnum = f.tailnum""",
    "USING, aliases of the output, and an unnested value": """
        SELECT f.flight_date, tailnum, d, COUNT(*) AS n
        FROM staging.flights AS f JOIN dims.planes AS p USING (tailnum), UNNEST([1, 2]) AS d
        GROUP BY f.flight_date, tailnum, d HAVING n > 1""",
    "one table with an array": "SELECT flight_date, carrier, d FROM staging.flights, UNNEST([1, 2]) AS d",
    "one table in a subquery of a join": """
        SELECT f.flight_date, a.name FROM staging.flights AS f
        JOIN (SELECT airport, name FROM dims.airports) AS a ON a.airport = f.dest""",
    "DISTINCT of fewer columns than GROUP BY has": """
        SELECT DISTINCT flight_date, COUNT(*) AS n FROM staging.flights GROUP BY flight_date, carrier""",
    "IS NULL": "SELECT flight_date FROM staging.flights WHERE tailnum IS NULL OR carrier IS NOT NULL",
    "NULL as a value": """
        SELECT flight_date, IF(dep_delay > 9, NULL, 1) AS a, CASE carrier WHEN 'UA' THEN NULL END AS b
        FROM staging.flights""",
    "NOT IN of constants": "SELECT flight_date FROM staging.flights WHERE carrier NOT IN ('UA', 'DL')",
    "NOT IN in a key": """
        SELECT flight_date FROM staging.flights WHERE dest NOT IN (SELECT airport FROM dims.airports)""",
    "NOT IN in a query that leaves NULL out": """
        SELECT flight_date FROM staging.flights
        WHERE tailnum NOT IN (SELECT tailnum FROM lake.planes WHERE tailnum IS NOT NULL)""",
    "NOT IN in a list of constants in WITH": """
        WITH skipped AS (SELECT 'UA' AS carrier UNION ALL SELECT 'DL')
        SELECT flight_date FROM staging.flights WHERE carrier NOT IN (SELECT carrier FROM skipped)""",
    "IN, which NULL does not hurt": """
        SELECT flight_date FROM staging.flights WHERE tailnum IN (SELECT tailnum FROM lake.planes)""",
    "HAVING on an output column": """
        SELECT flight_date, COUNT(*) AS n FROM staging.flights GROUP BY flight_date HAVING n > 5""",
    "an order that LIMIT uses": """
        WITH f AS (SELECT flight_date FROM staging.flights ORDER BY carrier, flight, origin LIMIT 9)
        SELECT flight_date FROM f""",
    "an order inside ARRAY": """
        SELECT flight_date, ARRAY(SELECT x FROM UNNEST([3, 1]) AS x ORDER BY x) AS xs FROM staging.flights""",
    "an order inside an aggregate": """
        SELECT flight_date, ARRAY_AGG(carrier ORDER BY carrier) AS carriers
        FROM staging.flights GROUP BY flight_date""",
    "one distinct value": """
        SELECT flight_date, COUNT(DISTINCT CONCAT(origin, '-', dest)) AS n FROM staging.flights GROUP BY flight_date""",
    "an outer join and what has no partner": """
        SELECT f.flight_date FROM staging.flights AS f LEFT JOIN dims.airports AS a ON a.airport = f.dest
        WHERE a.airport IS NULL""",
    "an outer join and a default": """
        SELECT f.flight_date FROM staging.flights AS f LEFT JOIN dims.airports AS a ON a.airport = f.dest
        WHERE COALESCE(a.time_zone, 'none') <> 'America/Denver'""",
    "an outer join and either of two conditions": """
        SELECT f.flight_date FROM staging.flights AS f LEFT JOIN dims.airports AS a ON a.airport = f.dest
        WHERE a.time_zone = 'America/Denver' OR a.airport IS NULL""",
    "an outer join and a condition on the left side": """
        SELECT f.flight_date FROM staging.flights AS f LEFT JOIN dims.airports AS a ON a.airport = f.dest
        WHERE f.dest = 'LAX'""",
    "an interval without its end": """
        SELECT @start AS flight_date, tailnum FROM dims.planes
        WHERE last_flight_date >= @start AND last_flight_date < @end""",
    "what ended until the end": """
        SELECT @start AS flight_date, tailnum FROM dims.planes
        WHERE first_flight_date >= @start AND last_flight_date <= @end""",
    "between other days": """
        SELECT @start AS flight_date, tailnum FROM dims.planes
        WHERE last_flight_date BETWEEN first_flight_date AND DATE_SUB(@end, INTERVAL 1 DAY)""",
}


@pytest.mark.parametrize(("sql", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_found(sql, expected):
    assert linted(sql, codes=expected[0].split()[1]) == expected


@pytest.mark.parametrize("sql", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found(sql):
    assert linted(sql, codes="L0[56].") == []


def test_a_view_may_be_ordered():
    assert linted("SELECT carrier FROM lake.airlines ORDER BY carrier", Kind.VIEW) == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "SELECT flight_date, f.carrier, COUNT(*) AS n FROM staging.flights AS f GROUP BY 1, 2",
            "SELECT flight_date, f.carrier, COUNT(*) AS n FROM staging.flights AS f GROUP BY flight_date, f.carrier",
        ),
        ("SELECT flight_date, LOWER(carrier) AS carrier, COUNT(*) AS n FROM staging.flights GROUP BY 1, 2", None),
    ],
    ids=["columns", "an expression, whose name may be that of a column"],
)
def test_ordinals_are_mended(sql, expected):
    found = [each for each in diagnostics(sql) if each.code.name == "ordinal"]

    mended = mend(Document("models/marts/example.sql", example(sql).document.text), found)

    assert (mended and mended.document.text.splitlines()[-1]) == expected
