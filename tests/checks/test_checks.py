"""What checks promise: the SQL that is asked, and when the answer breaks the promise."""

from __future__ import annotations

import dataclasses

import pytest
from small_project import compiled

from aggregator.checks import CHECKS, expectations

BETWEEN = "expect_column_values_to_be_between"
ROWS = "expect_table_row_count_to_be_between"

ASKED = {
    "not_null of one": ("checks: [{not_null: flights}]", [("`flights` IS NULL", 0, 0)]),
    "not_null of several": (
        "checks: [{not_null: [flights, Carrier]}]",
        [("`flights` IS NULL", 0, 0), ("`carrier` IS NULL", 0, 0)],
    ),
    "values between": (
        f"checks: [{{{BETWEEN}: {{column: flights, min_value: 0, max_value: 1.5}}}}]",
        [("`flights` < 0 OR `flights` > 1.5", 0, 0)],
    ),
    "values above": (f"checks: [{{{BETWEEN}: {{column: flights, min_value: -1e3}}}}]", [("`flights` < -1000.0", 0, 0)]),
    "values strictly between": (
        f"checks: [{{{BETWEEN}: {{column: rate, min_value: 0, max_value: 1, strict_min: true, strict_max: true}}}}]",
        [("`rate` <= 0 OR `rate` >= 1", 0, 0)],
    ),
    "values between, not strictly after all": (
        f"checks: [{{{BETWEEN}: {{column: rate, max_value: 1, strict_max: false}}}}]",
        [("`rate` > 1", 0, 0)],
    ),
    "rows between": (f"checks: [{{{ROWS}: {{min_value: 1, max_value: 9}}}}]", [("COUNT(*)", 1, 9)]),
    "rows at least": (f"checks: [{{{ROWS}: {{min_value: 1}}}}]", [("COUNT(*)", 1, None)]),
    "rows at most": (f"checks: [{{{ROWS}: {{max_value: 9}}}}]", [("COUNT(*)", None, 9)]),
    "a key": (
        "key: [flight_date, carrier]",
        [("COUNT(*) - COUNT(DISTINCT TO_JSON_STRING(STRUCT(`flight_date`, `carrier`)))", 0, 0)],
    ),
    "a key and a check": (
        "key: carrier\nchecks: [{not_null: carrier}]",
        [("COUNT(*) - COUNT(DISTINCT TO_JSON_STRING(STRUCT(`carrier`)))", 0, 0), ("`carrier` IS NULL", 0, 0)],
    ),
    "nothing": ("", []),
}
SAID = [
    ("checks: [{not_null: flights}]", 3, "flights is NULL in 3 rows"),
    ("checks: [{not_null: flights}]", 0, ""),
    ("checks: [{not_null: flights}]", None, ""),
    (f"checks: [{{{BETWEEN}: {{column: rate, min_value: 0}}}}]", 2, "rate is not between 0 and inf in 2 rows"),
    (f"checks: [{{{BETWEEN}: {{column: rate, max_value: 1}}}}]", 2, "rate is not between -inf and 1 in 2 rows"),
    (f"checks: [{{{ROWS}: {{min_value: 2, max_value: 5}}}}]", 1, "there are 1 rows, not between 2 and 5"),
    (f"checks: [{{{ROWS}: {{min_value: 2, max_value: 5}}}}]", 6, "there are 6 rows, not between 2 and 5"),
    (f"checks: [{{{ROWS}: {{min_value: 2, max_value: 5}}}}]", 2, ""),
    (f"checks: [{{{ROWS}: {{min_value: 2, max_value: 5}}}}]", 5, ""),
    (f"checks: [{{{ROWS}: {{min_value: 2}}}}]", 0, "there are 0 rows, not between 2 and any number"),
    ("key: [flight_date, carrier]", 4, "4 rows repeat a key (flight_date, carrier)"),
]


@pytest.mark.parametrize(("declared", "asked"), ASKED.values(), ids=ASKED)
def test_what_is_asked(declared, asked):
    found, problems = expectations(compiled(declared))

    assert problems == []
    assert [(each.violation or each.number, each.minimum, each.maximum) for each in found] == asked


@pytest.mark.parametrize(("declared", "value", "sentence"), SAID)
def test_what_is_said_of_an_answer(declared, value, sentence):
    (promise,) = expectations(compiled(declared))[0]

    assert promise.broken_by(value) == sentence


def test_a_promise_stands_where_it_was_written():
    declared = f"key: [flight_date]\nchecks:\n  - not_null: [flights, carrier]\n  - {ROWS}: {{min_value: 1}}"

    found, _ = expectations(compiled(declared))

    assert [(each.place.line, each.place.column) for each in found] == [(5, 7), (7, 16), (7, 25), (8, 5)]


def test_columns_are_named_as_in_the_output():
    (promise,) = expectations(compiled("checks: [{not_null: FLIGHTS}]"))[0]

    assert (promise.violation, promise.name) == ("`flights` IS NULL", "not_null: FLIGHTS")


@pytest.mark.parametrize(
    "column", ["flights` IS NULL OR TRUE OR `flights", "a b", "{value}", "{0.__class__}", "flights;", ""]
)
@pytest.mark.parametrize("is_known", [True, False], ids=["columns are known", "columns are not known"])
def test_a_name_of_a_column_can_not_be_sql(column, is_known):
    model = compiled(f"checks: [{{not_null: ['{column}']}}]")
    model = model if is_known else dataclasses.replace(model, columns=())

    _, problems = expectations(model)

    assert [found.code.id for found in problems] == ["A302"]


def test_any_name_will_do_where_the_columns_are_not_known():
    model = dataclasses.replace(compiled("checks: [{not_null: whatever}]"), columns=())

    assert [each.violation for each in expectations(model)[0]] == ["`whatever` IS NULL"]


def test_mistakes_of_all_checks_are_found_at_once():
    declared = f"checks: [{{not_null: [a, flights, b]}}, {{{BETWEEN}: {{column: c, min_value: 0}}}}, {{nul: a}}]"

    found, problems = expectations(compiled(declared))

    assert found == []
    assert [problem.message for problem in problems] == [
        "there is no output column a",
        "there is no output column b",
        "there is no output column c",
        "there is no check nul",
    ]


def test_every_check_is_known_by_its_own_name():
    assert {name: check.name for name, check in CHECKS.items()} == {name: name for name in CHECKS}
    assert set(CHECKS) >= {"not_null", BETWEEN, ROWS}
