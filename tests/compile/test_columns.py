"""Names, types and origins of the columns that a SELECT gives."""

from __future__ import annotations

import pytest
from small_lake import model_file

F = "lake.flights"
CASES = {
    "a column": ("SELECT flight_date, carrier FROM lake.flights", [("carrier", "STRING", [f"{F}.carrier"])]),
    "a name of its own, in the case in which it is written": (
        "SELECT flight_date, CARRIER AS Airline_Code FROM lake.flights",
        [("Airline_Code", "STRING", [f"{F}.carrier"])],
    ),
    "a column in the case in which it is written": (
        "SELECT flight_date, Carrier FROM lake.flights",
        [("Carrier", "STRING", [f"{F}.carrier"])],
    ),
    "counts and sums": (
        """SELECT flight_date, COUNT(*) AS a, COUNTIF(n > 1) AS b, SUM(n) AS c, SUM(delay) AS d, SUM(price) AS e,
            COUNT(DISTINCT carrier) AS f FROM lake.flights GROUP BY 1""",
        [
            ("a", "INT64", []),
            ("b", "INT64", [f"{F}.n"]),
            ("c", "INT64", [f"{F}.n"]),
            ("d", "FLOAT64", [f"{F}.delay"]),
            ("e", "NUMERIC", [f"{F}.price"]),
            ("f", "INT64", [f"{F}.carrier"]),
        ],
    ),
    "averages and divisions": (
        """SELECT flight_date, AVG(n) AS a, SAFE_DIVIDE(SUM(n), COUNT(*)) AS b, SUM(n) / COUNT(*) AS c, AVG(price) AS d
            FROM lake.flights GROUP BY 1""",
        [
            ("a", "FLOAT64", [f"{F}.n"]),
            ("b", "FLOAT64", [f"{F}.n"]),
            ("c", "FLOAT64", [f"{F}.n"]),
            ("d", "NUMERIC", [f"{F}.price"]),
        ],
    ),
    "extremes, conditions and defaults": (
        """SELECT flight_date, MAX(time_hour) AS a, IF(cancelled, n, 0) AS b, COALESCE(other_date, flight_date) AS c,
            CASE WHEN n > 1 THEN carrier ELSE dest END AS d, cancelled IS NULL AS e FROM lake.flights GROUP BY ALL""",
        [
            ("a", "TIMESTAMP", [f"{F}.time_hour"]),
            ("b", "INT64", [f"{F}.cancelled", f"{F}.n"]),
            ("c", "DATE", [f"{F}.flight_date", f"{F}.other_date"]),
            ("d", "STRING", [f"{F}.carrier", f"{F}.dest", f"{F}.n"]),
            ("e", "BOOL", [f"{F}.cancelled"]),
        ],
    ),
    "times": (
        """SELECT flight_date, DATE(time_hour, 'America/New_York') AS a, TIMESTAMP_TRUNC(time_hour, HOUR) AS b,
            DATE_DIFF(@end, flight_date, DAY) AS c, EXTRACT(HOUR FROM time_hour) AS d,
            DATE_TRUNC(flight_date, MONTH) AS e,
            @start AS f, FORMAT_DATE('%Y', flight_date) AS g FROM lake.flights""",
        [
            ("a", "DATE", [f"{F}.time_hour"]),
            ("b", "TIMESTAMP", [f"{F}.time_hour"]),
            ("c", "INT64", [f"{F}.flight_date"]),
            ("d", "INT64", [f"{F}.time_hour"]),
            ("e", "DATE", [f"{F}.flight_date"]),
            ("f", "DATE", []),
            ("g", "STRING", [f"{F}.flight_date"]),
        ],
    ),
    "casts and literals": (
        """SELECT flight_date, CAST(n AS STRING) AS a, SAFE_CAST(carrier AS FLOAT64) AS b, 'x' AS c, 1 AS d, 1.5 AS e,
            DATE '2013-01-01' AS f, TRUE AS g FROM lake.flights""",
        [
            ("a", "STRING", [f"{F}.n"]),
            ("b", "FLOAT64", [f"{F}.carrier"]),
            ("c", "STRING", []),
            ("d", "INT64", []),
            ("e", "FLOAT64", []),
            ("f", "DATE", []),
            ("g", "BOOL", []),
        ],
    ),
    "structs and arrays": (
        """SELECT flight_date, legs, STRUCT(carrier AS code, n) AS b, ARRAY_AGG(DISTINCT dest) AS c,
            legs[SAFE_OFFSET(0)].airport AS d FROM lake.flights GROUP BY ALL""",
        [
            ("legs", "ARRAY<STRUCT<airport STRING, minutes INT64>>", [f"{F}.legs"]),
            ("b", "STRUCT<code STRING, n INT64>", [f"{F}.carrier", f"{F}.n"]),
            ("c", "ARRAY<STRING>", [f"{F}.dest"]),
            ("d", "STRING", [f"{F}.legs.airport"]),
        ],
    ),
    "elements of an array": (
        "SELECT f.flight_date, leg.airport, leg.minutes + 1 AS more FROM lake.flights AS f, f.legs AS leg",
        [("airport", "STRING", [f"{F}.legs.airport"]), ("more", "INT64", [f"{F}.legs.minutes"])],
    ),
    "through WITH": (
        """WITH a AS (SELECT flight_date AS d, n * 2 AS twice FROM lake.flights),
            b AS (SELECT d, SUM(twice) AS s FROM a GROUP BY d)
            SELECT d AS flight_date, s FROM b""",
        [("s", "INT64", [f"{F}.n"])],
    ),
    "through a join": (
        """SELECT f.flight_date, a.name, CONCAT(f.carrier, ' ', a.name) AS title
            FROM lake.flights AS f JOIN lake.airlines AS a ON a.carrier = f.carrier""",
        [
            ("name", "STRING", ["lake.airlines.name"]),
            ("title", "STRING", ["lake.airlines.name", f"{F}.carrier"]),
        ],
    ),
    "a join column that both sides have": (
        "SELECT flight_date, carrier FROM lake.flights JOIN lake.airlines USING (carrier)",
        [("carrier", "STRING", ["lake.airlines.carrier", f"{F}.carrier"])],
    ),
    "both sides of a union": (
        "SELECT flight_date, n AS value FROM lake.flights UNION ALL SELECT observed, temp FROM lake.weather",
        [("value", "INT64", [f"{F}.n", "lake.weather.temp"])],
    ),
    "windows": (
        """SELECT flight_date, ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY n) AS a,
            LAG(carrier) OVER (PARTITION BY flight_date ORDER BY n) AS b FROM lake.flights""",
        [
            ("a", "INT64", [f"{F}.flight_date", f"{F}.n"]),
            ("b", "STRING", [f"{F}.carrier", f"{F}.flight_date", f"{F}.n"]),
        ],
    ),
    "a subquery": (
        "SELECT flight_date, (SELECT MAX(a.since) FROM lake.airlines AS a) AS latest FROM lake.flights",
        [("latest", "DATE", ["lake.airlines.since"])],
    ),
    "a star": (
        "SELECT * EXCEPT (Hub, name), 1 AS One FROM lake.airlines",
        [("since", "DATE", ["lake.airlines.since"]), ("One", "INT64", [])],
    ),
    "a star keeps the case of what it stands for": (
        "SELECT * FROM (SELECT carrier, since, Hub, name AS Full_Name FROM lake.airlines)",
        [
            ("since", "DATE", ["lake.airlines.since"]),
            ("Hub", "STRING", ["lake.airlines.Hub"]),
            ("Full_Name", "STRING", ["lake.airlines.name"]),
        ],
    ),
    "a function that only BigQuery knows": (
        "SELECT flight_date, tools.clean(carrier) AS a FROM lake.flights",
        [("a", "", [f"{F}.carrier"])],
    ),
}


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES)
def test_names_types_and_origins(sql, expected, compile_select):
    partition = "" if "airlines" in sql and "flights" not in sql else None

    model = compile_select(sql) if partition is None else compile_select(sql, partition)

    columns = model.columns[1:]
    assert [(each.name, each.type) for each in columns] == [(name, type_) for name, type_, _ in expected]
    assert [[f"{origin.table}.{origin.column}".lower() for origin in each.origins] for each in columns] == [
        [origin.lower() for origin in origins] for _, _, origins in expected
    ]


def test_what_is_declared_goes_before_what_is_inferred(compile_select):
    more = """
    columns:
      Airline: {type: STRING, description: "Two letters"}
      n: Number of passengers
    """

    model = compile_select("SELECT flight_date, tools.clean(carrier) AS airline, n FROM lake.flights", more=more)

    assert [(each.name, each.type, each.description) for each in model.columns] == [
        ("flight_date", "DATE", ""),
        ("airline", "STRING", "Two letters"),
        ("n", "INT64", "Number of passengers"),
    ]


def test_columns_of_a_model_are_seen_by_the_next(compile_files):
    compiled = compile_files(
        {
            "models/marts/a.sql": model_file("SELECT flight_date, n / 2 AS half, Carrier FROM lake.flights"),
            "models/marts/b.sql": model_file("SELECT flight_date, half + 1 AS more, carrier FROM marts.a"),
        }
    )

    (last,) = (model for model in compiled.graph.models.values() if model.name.table == "b")
    assert [(each.name, each.type) for each in last.columns] == [
        ("flight_date", "DATE"),
        ("more", "FLOAT64"),
        ("carrier", "STRING"),
    ]
    assert [str(origin) for origin in last.columns[1].origins] == ["Origin(table='marts.a', column='half')"]


def test_a_model_that_reads_itself_has_the_types_of_its_other_inputs(compile_select):
    sql = """SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS flight_date, carrier, SUM(n) AS n, MAX(last) AS last FROM (
               SELECT carrier, n, last FROM marts.model
               UNION ALL SELECT carrier, n, time_hour AS last FROM lake.flights) GROUP BY carrier"""

    model = compile_select(sql, more="inputs: {marts.model: previous}")

    assert [(each.name, each.type) for each in model.columns] == [
        ("flight_date", "DATE"),
        ("carrier", "STRING"),
        ("n", "INT64"),
        ("last", "TIMESTAMP"),
    ]
