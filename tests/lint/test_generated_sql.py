"""What the compiler writes for measures and roll-ups is not judged, what its author wrote around it is."""

from __future__ import annotations

import pytest
from linted_models import DAYS, findings, model, rolled_up, told

from aggregator.aggregates import KINDS


def days(measures: str, rows: str = "SELECT * FROM staging.flights", more: str = "") -> str:
    rows = rows.replace("SELECT *", "SELECT flight_date, carrier, dest, tailnum, dep_delay, distance, cancelled")
    return model(rows, f"{DAYS}dimensions: [flight_date, carrier]\n{more}measures:\n{measures}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.word} {kind.method}".strip())
def test_no_measure_and_no_roll_up_of_it_brings_findings(kind):
    example = kind.example.replace("seats", "distance")
    rows = """SELECT flight_date, carrier, dest, tailnum, flight, time_hour, dep_delay, distance, air_time
    FROM staging.flights"""

    found = told(
        {
            "days": days(f"  m: {example}\n", rows),
            "months": rolled_up("{of: marts.days, to: month}"),
            "rolling": rolled_up("{of: marts.days, to: {rolling: 28 days}}"),
        }
    )

    assert found == []


AUTHORS = {
    "an array in the rows": (
        "SELECT flight_date, carrier, STRING_AGG(dest) AS dest FROM staging.flights GROUP BY flight_date, carrier",
        "{max: dest}",
        ["L011"],
    ),
    "the clock in the rows": (
        "SELECT flight_date, carrier, CURRENT_DATE() AS today FROM staging.flights",
        "{max: today}",
        ["L001"],
    ),
    "a query that nothing reads": (
        "WITH a AS (SELECT carrier FROM staging.flights)\nSELECT flight_date, carrier FROM staging.flights",
        "{count: '*'}",
        ["L051"],
    ),
    "the clock in an expression": (
        "SELECT *\nFROM staging.flights",
        "{countif: 'CURRENT_DATE() > flight_date'}",
        ["L001"],
    ),
    "a division in an expression": ("SELECT *\nFROM staging.flights", "{sum: distance / dep_delay}", ["L044"]),
    "a comparison with NULL in an expression": (
        "SELECT *\nFROM staging.flights",
        "{countif: dep_delay = NULL}",
        ["L059"],
    ),
    "an average of averages": (
        """WITH routes AS (
          SELECT flight_date, carrier, dest, AVG(dep_delay) AS delay
          FROM staging.flights
          GROUP BY flight_date, carrier, dest
        )
        SELECT flight_date, carrier, delay FROM routes""",
        "{sum: delay}",
        ["L041"],
    ),
}


@pytest.mark.parametrize(("rows", "measure", "expected"), AUTHORS.values(), ids=AUTHORS)
def test_what_the_author_wrote_is_looked_at(rows, measure, expected):
    assert [each.split()[1] for each in told({"days": days(f"  m: {measure}\n", rows)})] == expected


def test_findings_stand_where_the_author_wrote():
    (found,) = findings({"days": days("  delays:\n    sum: distance / dep_delay\n")})

    assert (found.place.line, found.place.column) == (8, 21)


def test_a_roll_up_is_described_by_its_table():
    described = "columns: {flights: Flights}\n"
    found = findings(
        {
            "days": days("  flights: {count: '*'}\n  planes: {distinct: tailnum, method: hll}\n", more=described),
            "months": rolled_up("{of: marts.days, to: month}") + described,
        }
    )

    assert [(each.code.id, each.message, each.place.line) for each in found] == [
        ("L067", "planes has no description, other columns do", 9)
    ]
