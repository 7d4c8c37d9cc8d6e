"""A join must not repeat the rows from which declared measures are made."""

from __future__ import annotations

import pytest
from linted_models import DAYS, findings, model, told

MEASURES = f"{DAYS}dimensions: [flight_date, carrier]\nmeasures: {{flights: {{count: '*'}}}}\n"
AIRLINES = model("SELECT carrier, name FROM lake.airlines", "key: [carrier]\n")
NAMES = model("SELECT carrier, name FROM lake.airlines", "")
HOURS = model("SELECT time_hour, origin, temp FROM lake.weather", "key: [time_hour, origin]\n")
TABLES = {"airlines": AIRLINES, "names": NAMES, "hours": HOURS}
FLIGHTS = "SELECT f.flight_date, f.carrier FROM staging.flights AS f\n"

SOUND = {
    "no join": "",
    "the key": "JOIN marts.airlines AS a ON a.carrier = f.carrier",
    "the key, by USING": "LEFT JOIN marts.airlines AS a USING (carrier)",
    "the key, in WHERE": "CROSS JOIN marts.airlines AS a WHERE a.carrier = f.carrier",
    "a key of two columns": "JOIN marts.hours AS h ON h.time_hour = f.time_hour AND h.origin = f.origin",
    "groups": "JOIN (SELECT carrier, MAX(name) AS m FROM marts.names GROUP BY carrier) AS n ON n.carrier = f.carrier",
    "different values": "JOIN (SELECT DISTINCT carrier FROM marts.names) AS n ON n.carrier = f.carrier",
    "one row": "CROSS JOIN (SELECT COUNT(*) AS n FROM marts.names) AS n",
    "a constant": "JOIN marts.airlines AS a ON a.carrier = 'UA'",
    "elements of an array": "CROSS JOIN UNNEST([1, 2]) AS e",
}
REPEATING = {
    "no key": "JOIN marts.names AS n ON n.carrier = f.carrier",
    "no key on the outer side": "LEFT JOIN marts.names AS n ON n.carrier = f.carrier",
    "half a key": "JOIN marts.hours AS h ON h.time_hour = f.time_hour",
    "a range": "JOIN marts.airlines AS a ON a.carrier >= f.carrier",
    "another column": "JOIN marts.airlines AS a ON a.name = f.carrier",
    "a source": "JOIN lake.airlines AS a ON a.carrier = f.carrier",
    "rows of a query": "JOIN (SELECT carrier, name FROM marts.names) AS n ON n.carrier = f.carrier",
}


@pytest.mark.parametrize("join", SOUND.values(), ids=SOUND)
def test_joins_that_repeat_nothing(join):
    found = told({**TABLES, "days": model(FLIGHTS + join, MEASURES)})

    assert [each for each in found if "A410" in each] == []


@pytest.mark.parametrize("join", REPEATING.values(), ids=REPEATING)
def test_joins_that_may_repeat_facts(join):
    found = told({**TABLES, "days": model(FLIGHTS + join, MEASURES)})

    assert [each for each in found if "A410" in each] == ["days A410"]


INSIDE = {
    "in WITH": "WITH j AS (SELECT f.flight_date, f.carrier FROM staging.flights AS f {join})\nSELECT * FROM j",
    "in a subquery that others are joined to": """SELECT j.flight_date, j.carrier
    FROM (SELECT f.flight_date, f.carrier FROM staging.flights AS f {join}) AS j
    JOIN marts.airlines AS a ON a.carrier = j.carrier""",
    "in one side of a UNION": """SELECT f.flight_date, f.carrier FROM staging.flights AS f
    UNION ALL SELECT f.flight_date, f.carrier FROM staging.flights AS f {join}""",
}


@pytest.mark.parametrize("sql", INSIDE.values(), ids=INSIDE)
def test_joins_deeper_inside(sql):
    bad = {**TABLES, "days": model(sql.format(join=REPEATING["no key"]), MEASURES)}
    good = {**TABLES, "days": model(sql.format(join=SOUND["the key"]), MEASURES)}

    assert [each for each in told(bad) if "A410" in each] == ["days A410"]
    assert [each for each in told(good) if "A410" in each] == []


def test_rows_that_are_grouped_after_a_join_are_no_repeated_facts():
    sql = f"{FLIGHTS}{REPEATING['no key']} GROUP BY flight_date, carrier"

    assert [each for each in told({**TABLES, "days": model(sql, MEASURES)}) if "A410" in each] == []


def test_without_measures_nothing_is_said():
    assert "A410" not in str(told({**TABLES, "days": model(FLIGHTS + REPEATING["no key"])}))


def test_the_finding_says_what_to_declare():
    found = findings({**TABLES, "days": model(FLIGHTS + REPEATING["a source"], MEASURES)})

    (said,) = (each for each in found if each.code.id == "A410")
    assert (said.place.line, said.place.column) == (9, 6)
    assert said.help.startswith("declare `key: [carrier]` in lake.airlines, if that is so, or aggregate it first")
