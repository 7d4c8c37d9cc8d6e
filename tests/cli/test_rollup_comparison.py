"""Roll-ups as people meet them: compared with their rows, shown without their states, refused in figures."""

from __future__ import annotations

import duckdb
import pytest

SOURCE = """\
    source:
      description: Flights.
      owner: ops@example.com
      columns: {day: DATE, carrier: STRING, plane: STRING, delay: INT64}
      partition: {by: day, grain: day, from: 2024-01-01, to: 2024-02-01}
      local: flights.csv
    """
DAILY = """\
    /*---
    description: Flights per day.
    owner: ops@example.com
    partition: {by: day, grain: day, from: 2024-01-01}
    dimensions: [day, carrier]
    measures: {flights: {count: "*"}, planes: {distinct: plane}, delay: {avg: delay}}
    ---*/
    SELECT day, carrier, plane, delay FROM lake.flights
    """
MONTHLY = """\
    description: Flights per month.
    owner: ops@example.com
    rollup: {of: marts.daily, to: month}
    """
BY_HAND = """\
    /*---
    description: Flights per day, grouped by hand.
    owner: ops@example.com
    partition: {by: day, grain: day, from: 2024-01-01}
    key: [day, carrier]
    ---*/
    SELECT day, carrier, COUNT(DISTINCT plane) AS planes, AVG(delay) AS delay FROM lake.flights GROUP BY day, carrier
    """
OF_BY_HAND = """\
    description: What can't be.
    owner: ops@example.com
    rollup: {of: marts.by_hand, to: month}
    """
FLIGHTS = "day,carrier,plane,delay\n2024-01-01,UA,N1,0\n2024-01-02,UA,N1,0\n2024-01-02,UA,N2,30\n2024-01-03,UA,N1,9\n"


@pytest.fixture
def airport(make_project, aggregator):
    files = {"models/lake/flights.yml": SOURCE, "models/marts/daily.sql": DAILY, "models/marts/monthly.yml": MONTHLY}
    root = make_project(files | {"models/marts/by_hand.sql": BY_HAND, "flights.csv": FLIGHTS})
    assert aggregator(root, "run").code == 0
    return root


def test_a_roll_up_is_what_its_rows_say(airport, aggregator):
    done = aggregator(airport, "test", "--quiet")

    assert (done.code, done.out) == (0, "marts.monthly  right: 1 group in 1 partition\n")


def test_a_roll_up_that_someone_changed(airport, aggregator):
    with duckdb.connect(str(next(airport.rglob("*.duckdb")))) as db:
        db.execute("UPDATE marts.monthly SET flights = 5, planes = 3")

    stale = aggregator(airport, "test", "--quiet")
    asked = aggregator(airport, "test", "--quiet", "--partition", "2024-01")
    machine = aggregator(airport, "test", "--quiet", "--partition", "2024-01", "--format", "json").json["rollups"]

    assert "not compared: nothing of it is fresh; `aggregator run --select +marts.monthly`" in stale.out
    assert asked.code == 1
    assert asked.out == (
        "marts.monthly  1 of 1 partition wrong\n"
        "  2024-01: flights differs in 1 group, by up to 25.00%\n"
        "  2024-01: planes differs in 1 group, by up to 50.00%\n"
    )
    assert [(each["state"], [wrong["measure"] for wrong in each["differences"]]) for each in machine] == [
        ("wrong", ["flights", "planes"])
    ]


def test_what_is_kept_is_not_shown(airport, aggregator):
    shown = aggregator(airport, "show", "marts.monthly", "--rows", "--quiet").out.splitlines()
    everything = aggregator(airport, "show", "marts.monthly", "--rows", "--states", "--quiet").out

    assert shown[1].split() == ["month", "carrier", "flights", "planes", "delay"]
    assert shown[-1] == "-- 3 columns kept for roll-ups; --states shows them"
    assert "planes__hll" in everything


def test_a_refusal_says_how_wrong_it_would_be(airport, aggregator):
    """Days of 1, 2 and 1 planes, which are two; their means are 0, 15 and 9, and the mean of all rows is 9.75."""
    (airport / "models" / "marts" / "wrong.yml").write_text(OF_BY_HAND.replace("\n    ", "\n").lstrip())

    said = aggregator(airport, "lint", "--select", "marts.wrong", "--quiet").err

    assert "planes is holistic: what is in several groups would be counted several times" in said
    assert "exact_set; on your data, adding it up would overstate planes ×2.0" in said
    assert "{avg: delay}; on your data, averaging it would be wrong in 100% of groups, by up to 1.75" in said


def test_a_refusal_without_data_says_only_why(airport, aggregator):
    (airport / "models" / "marts" / "wrong.yml").write_text(OF_BY_HAND.replace("\n    ", "\n").lstrip())
    next(airport.rglob("*.duckdb")).unlink()

    said = aggregator(airport, "lint", "--select", "marts.wrong", "--quiet").err

    assert "planes is holistic" in said
    assert "on your data" not in said
