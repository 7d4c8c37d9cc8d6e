"""``aggregator test --update``, ``--new``, and what it writes for machines."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

WRONG = """\
# What the test is about.
interval: {from: 2013-01-01, to: 2013-01-02}
given:
  lake.flights:   # of two carriers
    - {day: 2013-01-01, carrier: UA, delay: 10}
    - {day: 2013-01-01, carrier: "A: A"}
expect:
  - {carrier: UA, flights: 7,
     mean: 3}
  - {carrier: DL}

# Why it is so tolerant.
tolerance: 0.5
"""
RIGHT = """\
# What the test is about.
interval: {from: 2013-01-01, to: 2013-01-02}
given:
  lake.flights:   # of two carriers
    - {day: 2013-01-01, carrier: UA, delay: 10}
    - {day: 2013-01-01, carrier: "A: A"}
expect:
  - {carrier: "A: A", flights: 1, mean: null}
  - {carrier: UA, flights: 1, mean: 10}

# Why it is so tolerant.
tolerance: 0.5
"""


def test_update_writes_what_came_out(airline, aggregator):
    root = airline({"daily/case": WRONG, "daily/misfit": WRONG.replace("delay", "dely")})

    first = aggregator(root, "test", "--update", "--engine", "duckdb", "--only", "unit")
    second = aggregator(root, "test", "--engine", "duckdb", "--only", "unit")

    assert "updated tests/models/marts/daily/case.yml" in first.err
    assert "tests/models/marts/daily/misfit.yml was left as it is" in first.err
    assert (root / "tests/models/marts/daily/case.yml").read_text() == RIGHT
    assert "1 passed, misfit misfit" in second.out


def test_update_leaves_what_passes(airline, aggregator):
    root = airline({"daily/case": RIGHT.replace("mean: 10", "mean: 10.1")})
    before = (root / "tests/models/marts/daily/case.yml").read_text()

    assert aggregator(root, "test", "--update", "--engine", "duckdb", "--quiet").code == 0
    assert (root / "tests/models/marts/daily/case.yml").read_text() == before


@pytest.mark.parametrize("after", ["", "# the end\n"], ids=["nothing after it", "a comment after it"])
def test_update_of_no_rows_to_all_columns(airline, aggregator, after):
    text = "interval: {from: 2013-01-01, to: 2013-01-02}\ngiven: {lake.flights: [{day: 2013-01-01}]}\nexpect: []\n"
    root = airline({"daily/case": text + after})

    aggregator(root, "test", "--update", "--engine", "duckdb", "--quiet")

    row = "{day: 2013-01-01, carrier: null, flights: 1, late: 0, mean: null, price: null, moment: null}"
    expected = text.replace("expect: []", f"expect:\n  - {row}") + after
    assert (root / "tests/models/marts/daily/case.yml").read_text() == expected


def test_junit(airline, aggregator):
    root = airline({"daily/right": RIGHT, "daily/wrong": WRONG})

    done = aggregator(root, "test", "--engine", "duckdb", "--quiet", "--junit", str(root / "out" / "junit.xml"))
    suites = ET.parse(root / "out" / "junit.xml").getroot()

    assert done.code == 1
    assert [(each.get("name"), each.get("tests"), each.get("failures")) for each in suites] == [
        ("marts.daily", "2", "1")
    ]
    assert [case.get("name") for case in suites.iter("testcase")] == ["right", "wrong"]
    (failure,) = suites.iter("failure")
    assert "flights  expected 7, got 1" in (failure.text or "")


def test_machine_formats(airline, aggregator):
    root = airline({"daily/wrong": WRONG})

    machine = aggregator(root, "test", "--engine", "duckdb", "--quiet", "--format", "json").json
    github = aggregator(root, "test", "--engine", "duckdb", "--quiet", "--format", "github").out

    (test,) = machine["tests"]
    assert (test["model"], test["case"], test["state"]) == ("marts.daily", "wrong", "failed")
    (engine,) = test["engines"]
    assert engine["changed"][0]["columns"] == ["flights", "mean"]
    assert engine["missing"] == [{"carrier": "DL"}]
    assert machine["rollups"] == []
    assert github.startswith("::error file=tests/models/marts/daily/wrong.yml,line=8,col=5,")


DATA = "day,carrier,delay\n" + "".join(
    f"2013-01-0{day},{carrier},{day}\n" for day in (1, 2) for carrier in ("UA", "AA")
)
SOURCE = """
source:
  description: Flights.
  owner: x@example.com
  columns: {day: DATE, carrier: STRING, delay: INT64}
  partition: {by: day, grain: day, from: 2013-01-01, to: 2013-01-03}
  local: flights.csv
"""
NAMES = """
source:
  description: Names.
  owner: x@example.com
  columns: {carrier: STRING, name: STRING}
  key: [carrier]
  local: names.csv
"""
MODEL = """
/*---
description: x
owner: x@example.com
partition: {by: day, grain: day, from: 2013-01-01}
key: [day, carrier]
---*/
SELECT f.day, f.carrier, MIN(n.name) AS name, SUM(f.delay) AS delay
FROM lake.flights AS f JOIN lake.names AS n ON f.carrier = n.carrier GROUP BY f.day, f.carrier
"""


def test_a_first_test_from_the_warehouse(make_project, aggregator):
    files = {"models/lake/flights.yml": SOURCE, "models/lake/names.yml": NAMES, "models/marts/daily.sql": MODEL}
    files |= {"flights.csv": DATA, "names.csv": "carrier,name\nAA,American\nDL,Delta\nUA,United\n"}
    root = make_project(files)
    early = aggregator(root, "test", "--new", "marts.daily", "--quiet")
    assert aggregator(root, "run", "--quiet").code == 0

    first = aggregator(root, "test", "--new", "marts.daily", "--quiet")
    second = aggregator(root, "test", "--new", "marts.daily", "--quiet")
    ran = aggregator(root, "test", "--quiet", "--engine", "duckdb")

    assert early.code == 2
    assert "it has no rows to begin with" in early.err
    assert (first.code, second.code) == (0, 0)
    folder = root / "tests/models/marts/daily"
    assert sorted(each.name for each in folder.iterdir()) == ["rows_of_2013_01_02.yml", "rows_of_2013_01_02_2.yml"]
    text = (folder / "rows_of_2013_01_02.yml").read_text()
    assert "interval: {from: 2013-01-02, to: 2013-01-03}" in text
    assert "- {day: 2013-01-02, carrier: AA, name: American, delay: 2}" in text
    assert "Delta" not in text, "rows that belong to none of the others are left out"
    assert "2 of 2 unit tests passed" in ran.out


def test_only_the_models_that_are_selected(airline, aggregator):
    other = "SELECT day, carrier, COUNT(*) AS n FROM lake.flights GROUP BY day, carrier HAVING COUNT(*) > 1"
    root = airline({"daily/case": RIGHT, "other/case": WRONG}, other=other)

    done = aggregator(root, "test", "--engine", "duckdb", "--quiet", "--select", "marts.daily")

    assert (done.code, done.out) == (0, done.out)
    assert "marts.other" not in done.out


def test_a_project_without_tests(airline, aggregator):
    done = aggregator(airline({}), "test", "--quiet")

    assert done.code == 0
    assert "there are no unit tests" in done.out


def test_models_without_tests_come_first(airline, aggregator):
    root = airline({"daily/case": RIGHT}, other="SELECT day, carrier FROM lake.flights GROUP BY day, carrier")

    done = aggregator(root, "test", "--coverage", "--quiet")
    machine = aggregator(root, "test", "--coverage", "--quiet", "--format", "json").json

    assert done.out.splitlines() == [
        "marts.other  no unit test   1 check",
        "marts.daily  1 unit test    1 check",
        "1 of 2 models have unit tests",
    ]
    assert {each["model"]: each["unit_tests"] for each in machine} == {"marts.daily": 1, "marts.other": 0}
