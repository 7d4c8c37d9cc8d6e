"""Unit tests of models on the embedded engine: what passes, what fails, and what is said."""

from __future__ import annotations

import pytest

GIVEN = """
interval: {from: 2013-01-01, to: 2013-01-02}
given:
  lake.flights:
    - {day: 2013-01-01, carrier: UA, delay: 10}
    - {day: 2013-01-01, carrier: UA, delay: 20}
    - {day: 2013-01-01, carrier: AA}
    - {day: 2013-01-02, carrier: AA, delay: 5}
"""
PASS = [
    pytest.param(GIVEN + "expect: [{carrier: UA, flights: 2}, {carrier: AA, flights: 1}]", id="columns that matter"),
    pytest.param(
        GIVEN + "expect: [{carrier: AA, mean: null}, {carrier: UA, mean: 15}]", id="in any order, with a NULL"
    ),
    pytest.param(GIVEN + "expect: [{flights: 1}, {carrier: UA}]", id="a row that says little takes what is left"),
    pytest.param(GIVEN + "expect: [{}, {carrier: AA}]", id="a row that says nothing is any row"),
    pytest.param(
        GIVEN + "expect: [{carrier: UA, late: 2}, {carrier: AA}]\nvariables: {late: 5}", id="another variable"
    ),
    pytest.param(
        GIVEN + "tolerance: 0.01\nexpect: [{carrier: UA, mean: 15.1}, {carrier: AA}]", id="floats within a tolerance"
    ),
    pytest.param("interval: {from: 2013-01-01, to: 2013-01-02}\nexpect: []", id="what is not given is empty"),
    pytest.param(
        GIVEN.replace("to: 2013-01-02", "to: 2013-01-03")
        + "expect: [{carrier: UA}, {carrier: AA, mean: null}, {carrier: AA, day: 2013-01-02, mean: 5}]",
        id="several partitions",
    ),
]


@pytest.mark.parametrize("text", PASS)
def test_what_passes(tested, text):
    done = tested(text, "--engine", "duckdb")

    assert done.code == 0, done.err
    assert "1 of 1 unit test passed on duckdb" in done.out


FAIL = [
    pytest.param(
        "[{carrier: UA, flights: 3}, {carrier: AA}]", ["  ~ {carrier: UA}", "flights  expected 3, got 2"], id="a value"
    ),
    pytest.param("[{carrier: UA}]", ["1 row too many", "  + too many {carrier: AA}"], id="a row too many"),
    pytest.param(
        "[{carrier: UA}, {carrier: AA}, {carrier: DL, flights: 1}]",
        ["1 row missing", "  - missing  {carrier: DL, flights: 1}"],
        id="a row that is missing",
    ),
    pytest.param(
        "[{carrier: UA, mean: 15.1}, {carrier: AA}]", ["mean  expected 15.1, got 15"], id="floats differ by a per cent"
    ),
    pytest.param("[{carrier: AA, mean: 0}, {carrier: UA}]", ["mean  expected 0, got null"], id="NULL is not zero"),
]


@pytest.mark.parametrize(("expect", "said"), FAIL)
def test_what_fails(tested, expect, said):
    done = tested(f"{GIVEN}expect: {expect}", "--engine", "duckdb")

    assert done.code == 1
    assert "tests/models/marts/daily/case.yml:8:" in done.err, "the place is that of the row"
    assert [each for each in ("T801", *said) if each not in done.err] == []


def test_rows_in_an_order(tested):
    sql = "SELECT day, carrier, delay FROM lake.flights ORDER BY delay -- lint: allow useless-order because tested\n"
    first = "expect: [{delay: null}, {delay: 10}, {delay: 20}]\nordered: true"
    second = "expect: [{delay: 10}, {delay: null}, {delay: 20}]\nordered: true"

    assert tested(GIVEN + first, "--engine", "duckdb", sql=sql).code == 0
    assert tested(GIVEN + second, "--engine", "duckdb", sql=sql).code == 1


VALUES = """
interval: {from: 2013-01-01, to: 2013-01-02}
given:
  lake.flights:
    - day: 2013-01-01
      carrier: NO
      share: 1e-3
      price: 9.99
      moment: 2013-01-01 05:30:00+01:00
      tags: [a, "b, c"]
      place: {code: EWR}
      more: {a: [1, null]}
expect:
  - {carrier: "NO", share: 0.001, price: 9.990, moment: 2013-01-01T04:30:00Z, tags: [a, "b, c"], place: {code: EWR},
     gates: null, more: '{"a": [1, null]}', shape: null}
"""


def test_values_of_all_types(tested):
    sql = "SELECT day, carrier, share, price, moment, tags, place, place.gates AS gates, more, shape FROM lake.flights"

    done = tested(VALUES, "--engine", "duckdb", sql=sql)
    wrong = tested(VALUES.replace("price: 9.990", "price: 9.991"), "--engine", "duckdb", sql=sql)

    assert done.code == 0, done.err
    assert "price  expected 9.991, got 9.99" in wrong.err


def test_rows_in_csv_files(airline, aggregator):
    case = """
    interval: {from: 2013-01-01, to: 2013-01-02}
    given: {lake.flights: fixtures/flights.csv}
    expect: fixtures/expected.csv
    """
    rows = 'day,carrier,delay,tags\n2013-01-01,UA,10,"[x, y]"\n2013-01-01,"U,A",,\n'
    tests = {"daily/case": case, "tests/fixtures/flights.csv": rows}
    expected = {"tests/fixtures/expected.csv": 'carrier,mean\nUA,10\n"U,A",\n'}

    done = aggregator(airline(tests | expected), "test", "--quiet", "--engine", "duckdb")
    bad = {"tests/fixtures/expected.csv": 'carrier,mean\nUA,11\n"U,A",\n'}
    failed = aggregator(airline(tests | bad), "test", "--quiet", "--engine", "duckdb")

    assert done.code == 0, done.err
    assert "tests/fixtures/expected.csv:2:1: T801" in failed.err


def test_a_clock_that_stands(tested):
    sql = (
        "-- lint: allow clock because it is tested\n"
        "SELECT day, carrier, CURRENT_DATE() AS utc, CURRENT_DATE('America/New_York') AS local,"
        " current_timestamp AS now, 'CURRENT_DATE' AS word FROM lake.flights\n"
    )
    expect = "expect: [{utc: 2013-01-03, local: 2013-01-02, now: 2013-01-03T01:00:00Z, word: CURRENT_DATE}]"
    given = "interval: {from: 2013-01-01, to: 2013-01-02}\ngiven: {lake.flights: [{day: 2013-01-01}]}\n"

    zoned = tested(f"{given}now: 2013-01-03T01:00Z\n{expect}", "--engine", "duckdb", sql=sql)
    ours = tested(f"{given}now: 2013-01-02T20:00\n{expect}", "--engine", "duckdb", sql=sql)
    forgotten = tested(given + expect, "--engine", "duckdb", sql=sql)

    assert zoned.code == 0, zoned.err
    assert ours.code == 0, ours.err
    assert "marts.other reads the clock" in forgotten.err


def test_a_model_that_reads_itself_is_built_day_by_day(tested):
    sql = (
        "/*---\ndescription: x\nowner: x@example.com\nkey: [day, carrier]\n"
        "partition: {by: day, grain: day, from: 2013-01-01}\ninputs: {marts.other: previous}\n---*/\n"
        "SELECT day, carrier, SUM(n) AS n FROM (\n"
        "  SELECT DATE_ADD(day, INTERVAL 1 DAY) AS day, carrier, n FROM marts.other\n"
        "  UNION ALL SELECT day, carrier, delay AS n FROM lake.flights) GROUP BY day, carrier\n"
    )
    text = """
    interval: {from: 2013-01-01, to: 2013-01-04}
    given:
      marts.other: [{day: 2012-12-31, carrier: UA, n: 100}]
      lake.flights:
        - {day: 2013-01-01, carrier: UA, delay: 1}
        - {day: 2013-01-03, carrier: UA, delay: 10}
    expect: [{day: 2013-01-01, n: 101}, {day: 2013-01-02, n: 101}, {day: 2013-01-03, n: 111}]
    """

    done = tested(text, "--engine", "duckdb", sql=sql)

    assert done.code == 0, done.err


def test_an_error_that_is_expected(tested):
    sql = "SELECT day, carrier, 10 / delay AS rate FROM lake.flights -- lint: allow division because tested\n"
    given = "interval: {from: 2013-01-01, to: 2013-01-02}\ngiven: {lake.flights: [{day: 2013-01-01, delay: %d}]}\n"

    done = tested(f"{given % 0}expect_error: division by zero", "--engine", "duckdb", sql=sql)
    none = tested(f"{given % 1}expect_error: division by zero", "--engine", "duckdb", sql=sql)
    unexpected = tested(f"{given % 0}expect: []", "--engine", "duckdb", sql=sql)

    assert done.code == 0, done.err
    assert "no error, but 1 rows; expected: division by zero" in none.err
    assert "division by zero" in unexpected.err
    assert (none.code, unexpected.code) == (1, 1)


def test_rows_that_a_run_would_refuse(tested):
    sql = "SELECT DATE_ADD(day, INTERVAL 1 DAY) AS day, carrier FROM lake.flights"

    done = tested(GIVEN + "expect: [{}, {}, {}]", "--engine", "duckdb", sql=sql)

    assert "3 of its rows lie outside of the interval, by day" in done.err


MISFITS = [
    pytest.param("intervall: {}", 1, "A105 intervall is not a key of a unit test", id="a misspelt key"),
    pytest.param("given: {}", 1, "A107 nothing is expected", id="nothing expected"),
    pytest.param("expect: []\nexpect_error: x", 1, "A107 rows and an error can't both be", id="too much expected"),
    pytest.param("expect: []", 1, "T803 which partitions of marts.daily are built is not said", id="no interval"),
    pytest.param(
        "interval: {from: 2013-01-01T05, to: 2013-01-02}\nexpect: []",
        1,
        "T803 the interval is no whole days",
        id="05:00",
    ),
    pytest.param(
        "interval: {from: 2013-01-02, to: 2013-01-01}\nexpect: []",
        1,
        "T803 the interval is no whole days",
        id="backwards",
    ),
    pytest.param(GIVEN + "expect: [{flihgts: 2}]", 8, "T803 marts.daily has no column flihgts", id="a column"),
    pytest.param(GIVEN + "expect: [{flights: two}]", 8, "A106 expected INT64, such as 12, not 'two'", id="a value"),
    pytest.param(GIVEN + "expect: flights.csv", 8, "A109 tests/flights.csv: the file cannot be read", id="no file"),
    pytest.param(GIVEN + "expect: [1]", 8, "A106 expected a row", id="a number for a row"),
    pytest.param(GIVEN + "expect: []\nvariables: {lat: 5}", 9, "T803 the project has no variable lat", id="a variable"),
    pytest.param(
        GIVEN.replace("lake.flights", "lake.flight") + "expect: []",
        3,
        "T803 marts.daily does not read lake.flight",
        id="a table that is not read",
    ),
    pytest.param(
        GIVEN.replace("delay: 10", "shape: POINT(0 0)") + "expect: []",
        4,
        "values of type GEOGRAPHY can't be given",
        id="a map",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), MISFITS)
def test_tests_that_make_no_sense(tested, text, line, message):
    done = tested(text.lstrip(), "--engine", "duckdb")

    assert done.code == 1
    assert f"tests/models/marts/daily/case.yml:{line}:" in done.err
    assert message in done.err
    assert "0 of 1 unit test passed" in done.out or "case" not in done.out


def test_one_mistake_hides_no_other(tested):
    done = tested(GIVEN.replace("delay: 10", "dely: ten, delay: ten") + "expect: [{flihgts: 2}]", "--engine", "duckdb")

    assert [word for word in ("dely", "'ten'", "flihgts") if word not in done.err] == []
    assert "did you mean delay?" in done.err


def test_a_test_of_no_model_is_found(airline, aggregator):
    root = airline({"dayly/case": "expect: []"})

    done = aggregator(root, "test", "--quiet", "--engine", "duckdb")

    assert "T803 there is no model marts.dayly to test" in done.err
    assert "did you mean marts.daily?" in done.err


@pytest.mark.parametrize("text", PASS)
def test_tests_read_as_the_published_schema_says(text):
    from jsonschema import Draft202012Validator

    from aggregator.core.diagnostics import Document
    from aggregator.export.json_schema import json_schema
    from aggregator.load.yaml_nodes import Mapping, Scalar, Sequence
    from aggregator.load.yaml_reader import read_yaml

    def plain(node):
        if isinstance(node, Mapping):
            return {key.text: plain(value) for key, value in node.entries}
        if isinstance(node, Sequence):
            return [plain(each) for each in node.items]
        assert isinstance(node, Scalar)
        return node.text

    root, _ = read_yaml(Document("x", text), 0, len(text))

    found = Draft202012Validator(json_schema("test")).iter_errors(plain(root))
    assert [error.message for error in found if "tolerance" not in error.json_path] == []
