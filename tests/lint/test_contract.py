"""What the front matter has to say about the rows and columns of a table."""

from __future__ import annotations

import pytest
from linted import linted

FRONT = """/*---
description: Flights.
owner: ops-analytics@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
"""
NO_KEY = FRONT + "---*/\n"
DESCRIBED = FRONT + "key: [flight_date]\ncolumns: {flights: All flights}\n---*/\n"

KEYS = {
    "a join with a table whose key is unknown": (
        "SELECT f.flight_date, p.model FROM staging.flights AS f JOIN lake.planes AS p ON p.tailnum = f.tailnum",
        ["1:62 L066"],
    ),
    "a join with part of a key": (
        (
            "SELECT f.flight_date, w.wind_speed_mph FROM staging.flights AS f\n"
            "JOIN staging.weather AS w ON w.observed_date = f.flight_date AND w.origin = f.origin"
        ),
        ["2:6 L066"],
    ),
    "a join in WITH that is only passed on": (
        (
            "WITH j AS (\n  SELECT f.flight_date, p.model FROM staging.flights AS f\n"
            "  JOIN lake.planes AS p ON p.tailnum = f.tailnum\n)\nSELECT flight_date, model FROM j"
        ),
        ["3:8 L066"],
    ),
    "a join with a whole key": (
        "SELECT f.flight_date, a.name FROM staging.flights AS f JOIN dims.airports AS a ON a.airport = f.dest",
        [],
    ),
    "a join with groups": (
        (
            "SELECT f.flight_date, m.seats FROM staging.flights AS f\n"
            "JOIN (SELECT tailnum, MAX(seats) AS seats FROM lake.planes GROUP BY tailnum) AS m ON m.tailnum = f.tailnum"
        ),
        [],
    ),
    "groups of a join": (
        (
            "SELECT f.flight_date, COUNT(p.model) AS n FROM staging.flights AS f\n"
            "JOIN lake.planes AS p ON p.tailnum = f.tailnum GROUP BY f.flight_date"
        ),
        [],
    ),
    "distinct rows of a join": (
        (
            "SELECT DISTINCT f.flight_date, p.model FROM staging.flights AS f\n"
            "JOIN lake.planes AS p ON p.tailnum = f.tailnum"
        ),
        [],
    ),
    "rows of one table": ("SELECT flight_date, carrier FROM staging.flights", []),
    "an unnested array": ("SELECT f.flight_date, d FROM staging.flights AS f, UNNEST([1, 2]) AS d", []),
}
COLUMNS = {
    "one that is forgotten": (
        "SELECT flight_date, COUNT(*) AS flights, SUM(distance) AS miles FROM staging.flights GROUP BY flight_date",
        ["1:59 L067"],
    ),
    "one that is copied": (
        "SELECT flight_date, carrier, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date, carrier",
        [],
    ),
    "the one value of a group": (
        "SELECT flight_date, MAX(carrier) AS carrier, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date",
        [],
    ),
    "the largest value under a name of its own": (
        "SELECT flight_date, MAX(carrier) AS last_one, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date",
        ["1:37 L067"],
    ),
}


@pytest.mark.parametrize(("sql", "expected"), KEYS.values(), ids=KEYS)
def test_who_needs_a_key(sql, expected):
    assert linted(NO_KEY + sql, codes="L066") == expected


def test_a_declared_key_is_enough():
    sql = KEYS["a join with a table whose key is unknown"][0]

    assert linted(f"{FRONT}key: [flight_date, model]\n---*/\n{sql}", codes="L066") == []


@pytest.mark.parametrize(("sql", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_who_needs_a_description(sql, expected):
    assert linted(DESCRIBED + sql, codes="L067") == expected


def test_who_describes_nothing_is_left_alone():
    sql = "SELECT flight_date, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date"

    assert linted(f"{FRONT}key: [flight_date]\n---*/\n{sql}", codes="L067") == []
