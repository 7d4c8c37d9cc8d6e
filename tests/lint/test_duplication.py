"""Two models that do the same work are found, however they are written, and others are not."""

from __future__ import annotations

import dataclasses

import pytest
from linted import EXAMPLE, demo, linted

from aggregator.compile import Subject, compile_project
from aggregator.core.diagnostics import Document, Place
from aggregator.core.names import TableName
from aggregator.lint.signature import Signature, duplicates, signature

DAILY = """SELECT flight_date, carrier, COUNT(*) AS flights, SUM(distance) AS miles, COUNT(dep_delay) AS departures
FROM staging.flights
WHERE NOT cancelled AND distance > 100
GROUP BY flight_date, carrier"""
ONE, OTHER = TableName("marts", "one"), TableName("marts", "other")
PLACES = {ONE: Place("models/marts/one.sql"), OTHER: Place("models/marts/other.sql")}


def signed(sql: str) -> Signature:
    """The signature of a SELECT with the partitions of ``marts.daily_performance``."""
    daily = demo().models[TableName("marts", "daily_performance")]
    text = daily.document.text[: daily.sql_start] + "\n" + sql
    model = dataclasses.replace(
        daily,
        name=EXAMPLE,
        document=Document("models/marts/example.sql", text),
        key=(),
        cluster=(),
        columns=(),
        checks=(),
    )
    needed = [TableName("staging", "flights"), TableName("staging", "weather"), TableName("dims", "airports")]
    models = {name: demo().models[name] for name in needed} | {EXAMPLE: model}
    found: list[Signature] = []

    def sign(subject: Subject) -> tuple[()]:
        if subject.model.name == EXAMPLE:
            found.append(signature(subject))
        return ()

    compiled = compile_project(dataclasses.replace(demo(), models=models), sign)
    assert compiled.diagnostics == ()
    return found[0]


def repeats(one: str, other: str) -> list[str]:
    """Which of two models is said to do what the other does."""
    found = duplicates({ONE: signed(one), OTHER: signed(other)}, PLACES)
    return [each.place.path for each in found]


SAME = {
    "as it is": DAILY,
    "with other names": """
        SELECT f.flight_date, f.carrier AS airline, COUNT(*) AS n, SUM(f.distance) AS d, COUNT(f.dep_delay) AS k
        FROM staging.flights AS f WHERE NOT f.cancelled AND f.distance > 100 GROUP BY f.flight_date, airline""",
    "in another order": """
        SELECT COUNT(dep_delay) AS departures, SUM(distance) AS miles, COUNT(*) AS flights, carrier, flight_date
        FROM staging.flights WHERE distance > 100 AND NOT cancelled GROUP BY carrier, flight_date""",
    "in another layout": """
        select flight_date, carrier, count(*) as flights, sum(distance) as miles, count(dep_delay) as departures
        from staging.flights where (not cancelled) and (distance > 100) group by 1, 2""",
    "through WITH": """
        WITH flown AS (SELECT flight_date AS day, carrier, distance AS far, dep_delay FROM staging.flights
          WHERE NOT cancelled),
        distant AS (SELECT * FROM flown WHERE far > 100)
        SELECT day AS flight_date, carrier, COUNT(*) AS flights, SUM(far) AS miles, COUNT(dep_delay) AS departures
        FROM distant GROUP BY day, carrier""",
    "with the aggregation in WITH": """
        WITH sums AS (
          SELECT flight_date, carrier, COUNT(*) AS flights, SUM(distance) AS miles, COUNT(dep_delay) AS departures
          FROM staging.flights WHERE NOT cancelled AND distance > 100 GROUP BY flight_date, carrier
        )
        SELECT flight_date, carrier, miles, flights, departures FROM sums""",
}
DIFFERENT = {
    "another condition": DAILY.replace("100", "200"),
    "one condition less": DAILY.replace("NOT cancelled AND ", ""),
    "another key": DAILY.replace("carrier", "origin"),
    "one key less": DAILY.replace(", carrier", ""),
    "another column": DAILY.replace("SUM(distance)", "SUM(air_time)"),
    "another function": DAILY.replace("SUM(distance)", "MAX(distance)"),
    "one distinct": DAILY.replace("COUNT(dep_delay)", "COUNT(DISTINCT dep_delay)"),
    "a condition on the groups": f"{DAILY} HAVING COUNT(*) > 5",
    "a condition on what was aggregated": f"SELECT * FROM ({DAILY}) WHERE flights > 5".replace(
        "*", "flight_date, carrier, flights, miles, departures", 1
    ),
    "a join": DAILY.replace("flight_date", "f.flight_date").replace(
        "staging.flights", "staging.flights AS f JOIN dims.airports AS a ON a.airport = f.dest"
    ),
    "distinct rows": DAILY.replace("FROM staging.flights", "FROM (SELECT DISTINCT * FROM staging.flights)"),
}


@pytest.mark.parametrize("sql", SAME.values(), ids=SAME)
def test_the_same_work_written_otherwise(sql):
    assert repeats(DAILY, sql) == ["models/marts/other.sql"]


@pytest.mark.parametrize("sql", DIFFERENT.values(), ids=DIFFERENT)
def test_other_work(sql):
    assert repeats(DAILY, sql) == []


def test_who_has_a_part_of_the_columns_is_told_of_who_has_all():
    part = "SELECT flight_date, carrier, SUM(distance) AS miles FROM staging.flights " + DAILY[DAILY.index("WHERE") :]

    assert repeats(DAILY, part) == ["models/marts/other.sql"]
    assert repeats(part, DAILY) == ["models/marts/one.sql"]


def test_who_has_a_column_of_their_own_is_not_told():
    one = DAILY.replace("SUM(distance) AS miles", "MIN(distance) AS nearest")
    other = DAILY.replace("SUM(distance) AS miles", "MAX(distance) AS farthest")

    assert repeats(one, other) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            (
                "SELECT f.flight_date, SUM(a.altitude_ft) AS x FROM staging.flights AS f "
                "JOIN dims.airports AS a ON a.airport = f.dest GROUP BY f.flight_date"
            ),
            (
                "SELECT g.flight_date, SUM(b.altitude_ft) AS y FROM staging.flights AS g "
                "JOIN dims.airports AS b ON g.dest = b.airport GROUP BY g.flight_date"
            ),
        ),
        (
            (
                "SELECT flight_date, COUNT(*) AS n FROM (SELECT flight_date, carrier FROM staging.flights "
                "GROUP BY flight_date, carrier) GROUP BY flight_date"
            ),
            (
                "WITH c AS (SELECT carrier, flight_date AS d FROM staging.flights GROUP BY d, carrier) "
                "SELECT d AS flight_date, COUNT(*) AS carriers FROM c GROUP BY d"
            ),
        ),
    ],
    ids=["a join", "an aggregation of an aggregation"],
)
def test_deeper_work(one, other):
    assert repeats(one, other) == ["models/marts/other.sql"]


def test_a_model_without_groups_has_no_signature():
    assert signed("SELECT flight_date, carrier FROM staging.flights") == ()


def test_a_finding_says_what_to_read_instead():
    other = DAILY.replace("AS miles", "AS distance_flown")

    (found,) = duplicates({ONE: signed(DAILY), OTHER: signed(other)}, PLACES)

    assert found.message == (
        "marts.one already aggregates the same rows by the same columns, and has all that marts.other computes"
    )
    assert "miles" in found.help
    assert found.help.startswith("read marts.one (")


def test_columns_of_a_table_in_two_roles_are_told_apart():
    join = "JOIN dims.airports AS a ON a.airport = f.origin JOIN dims.airports AS b ON b.airport = f.dest"
    sql = "SELECT f.flight_date, MAX({}.altitude_ft) AS x FROM staging.flights AS f {} GROUP BY f.flight_date"

    assert repeats(sql.format("a", join), sql.format("b", join)) == []


def test_a_daily_model_with_its_own_key_is_left_alone():
    sql = "SELECT flight_date, origin, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date, origin"

    assert linted(sql) == []
