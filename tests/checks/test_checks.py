"""What checks promise: the SQL that is asked, and when the answer breaks the promise."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import yaml
from small_project import compiled

from aggregator.checks import CHECKS, KINDS, promised
from aggregator.checks.drift import drifted
from aggregator.checks.protocol import Drift
from aggregator.checks.samples import sample_query
from aggregator.checks.verdicts import asked, judged, result_json
from aggregator.core.diagnostics import Severity

GOLDEN = Path(__file__).parents[1] / "golden/checks/with-wrong-arguments/expected/output.txt"
BETWEEN = "expect_column_values_to_be_between"
ROWS = "expect_table_row_count_to_be_between"

ASKED = {
    "not_null of one": ("checks: [{not_null: flights}]", ["`flights` IS NULL"]),
    "not_null of several": ("checks: [{not_null: [flights, Carrier]}]", ["`flights` IS NULL", "`carrier` IS NULL"]),
    "values between": (
        f"checks: [{{{BETWEEN}: {{column: flights, min_value: 0, max_value: 1.5}}}}]",
        ["`flights` < 0 OR `flights` > 1.5"],
    ),
    "values strictly between": (
        "checks: [{between: {column: rate, min_value: 0, max_value: 1, strict_min: true, strict_max: true}}]",
        ["`rate` <= 0 OR `rate` >= 1"],
    ),
    "dates between": (
        "checks: [{between: {column: flight_date, min_value: 2013-01-01}}]",
        ["`flight_date` < DATE '2013-01-01'"],
    ),
    "values of a set": (
        'checks: [{accepted_values: {column: carrier, value_set: [UA, "O\'Hare"]}}]',
        ["`carrier` NOT IN ('UA', 'O\\'Hare')"],
    ),
    "a regular expression": (
        "checks: [{matches: {column: carrier, regex: '^[A-Z0-9]{2}$'}}]",
        ["NOT REGEXP_CONTAINS(`carrier`, '^[A-Z0-9]{2}$')"],
    ),
    "nearly all": (
        "checks: [{not_null: {column: rate, mostly: 0.9}}]",
        ["COUNTIF(`rate` IS NULL)", "COUNTIF(TRUE)"],
    ),
    "some rows": (
        "checks: [{not_null: {column: rate, row_condition: 'flights > 0 -- any'}}]",
        ["(flights > 0) AND (`rate` IS NULL)"],
    ),
    "values of some rows": (
        "checks: [{between: {column: rate, min_value: 0, row_condition: 'flights > 0 OR flights < 9'}}]",
        ["(flights > 0 OR flights < 9) AND (`rate` < 0)"],
    ),
    "nearly all values of some rows": (
        "checks: [{between: {column: rate, min_value: 0, row_condition: flights > 0, mostly: 0.9}}]",
        ["COUNTIF((flights > 0) AND (`rate` < 0))", "COUNTIF((flights > 0) AND (`rate` IS NOT NULL))"],
    ),
    "a number of some rows": (
        "checks: [{expect_column_sum_to_be_between: {column: flights, min_value: 1, row_condition: carrier = 'UA'}}]",
        ["SUM(IF(carrier = 'UA', `flights`, NULL))"],
    ),
    "rows": (f"checks: [{{{ROWS}: {{min_value: 1, max_value: 9}}}}]", ["COUNT(*)"]),
    "a key": (
        "key: [flight_date, carrier]",
        ["COUNT(*) - COUNT(DISTINCT TO_JSON_STRING(STRUCT(`flight_date`, `carrier`)))"],
    ),
    "quantiles": (
        (
            "checks: [{expect_column_quantile_values_to_be_between: {column: rate, quantile_ranges:"
            " {quantiles: [0.5, 0.99], value_ranges: [[0, 30], [null, 120]]}}}]"
        ),
        ["APPROX_QUANTILES(`rate`, 2)[OFFSET(1)]", "APPROX_QUANTILES(`rate`, 100)[OFFSET(99)]"],
    ),
    "what is known without a row": (
        (
            "checks: [{expect_column_to_exist: carrier}, {expect_table_column_count_to_equal: 4}, key_to_be_declared,"
            " {expect_column_values_to_be_of_type: {column: flights, type_: integer}}]\nkey: carrier"
        ),
        ["COUNT(*) - COUNT(DISTINCT TO_JSON_STRING(STRUCT(`carrier`)))"],
    ),
    "nothing": ("", []),
}
SAID = [
    ("checks: [{not_null: flights}]", [3], "flights is NULL in 3 rows"),
    ("checks: [{not_null: flights}]", [0], ""),
    ("checks: [{between: {column: rate, min_value: 0}}]", [2], "rate is not between 0 and inf in 2 rows"),
    ("checks: [{between: {column: rate, max_value: 1}}]", [2], "rate is not between -inf and 1 in 2 rows"),
    ("checks: [{row_count: {min_value: 2, max_value: 5}}]", [1], "the number of rows is 1, not between 2 and 5"),
    ("checks: [{row_count: {min_value: 2, max_value: 5}}]", [2], ""),
    ("checks: [{row_count: {min_value: 2, max_value: 5}}]", [6], "the number of rows is 6, not between 2 and 5"),
    ("checks: [{row_count: {min_value: 2}}]", [0], "the number of rows is 0, not at least 2"),
    ("checks: [{row_count: {max_value: 5, strict_max: true}}]", [5], "the number of rows is 5, not at most 5"),
    ("checks: [{expect_table_row_count_to_equal: 24}]", [23], "the number of rows is 23, not 24"),
    ("key: [flight_date, carrier]", [4], "4 rows repeat a key (flight_date, carrier)"),
    ("checks: [{not_null: {column: rate, mostly: 0.9}}]", [1, 10], ""),
    (
        "checks: [{not_null: {column: rate, mostly: 0.9}}]",
        [2, 10],
        "rate is NULL in 2 rows, of 10: more than 10 %",
    ),
    ("checks: [{not_null: {column: rate, mostly: 0.9}}]", [0, 0], ""),
    (
        "checks: [{expect_column_max_to_be_between: {column: rate, max_value: 1}}]",
        [None],
        "the largest value of rate is unknown, as there are no values, not at most 1",
    ),
    (
        "checks: [{not_null: {column: rate, description: a rate for each day}}]",
        [2],
        "a rate for each day: rate is NULL in 2 rows",
    ),
]


def nothing_before(_number, _days):
    return ()


@pytest.mark.parametrize(("declared", "sql"), ASKED.values(), ids=ASKED)
def test_what_is_asked(declared, sql):
    found = promised(compiled(declared))

    assert found.problems == ()
    assert [each.violation or each.number for each in asked(found.promises)] == sql


@pytest.mark.parametrize(("declared", "values", "sentence"), SAID)
def test_what_is_said_of_an_answer(declared, values, sentence):
    (promise,) = promised(compiled(declared)).promises

    assert judged(promise, values, 9, nothing_before).complaint == sentence


def test_a_promise_stands_where_it_was_written():
    declared = f"key: [flight_date]\nchecks:\n  - not_null: [flights, carrier]\n  - {ROWS}: {{min_value: 1}}"

    found = promised(compiled(declared)).promises

    assert [(each.place.line, each.place.column) for each in found] == [(5, 7), (7, 16), (7, 25), (8, 5)]


@pytest.mark.parametrize(
    "column", ["flights` IS NULL OR TRUE OR `flights", "a b", "{value}", "{0.__class__}", "flights;", ""]
)
@pytest.mark.parametrize("is_known", [True, False], ids=["columns are known", "columns are not known"])
def test_a_name_of_a_column_can_not_be_sql(column, is_known):
    model = compiled(f"checks: [{{not_null: ['{column}']}}]")
    model = model if is_known else dataclasses.replace(model, columns=())

    assert [found.code.id for found in promised(model).problems] == ["A302"]


def test_any_name_will_do_where_the_columns_are_not_known():
    model = dataclasses.replace(compiled("checks: [{not_null: whatever}]"), columns=())

    assert [each.violation for each in asked(promised(model).promises)] == ["`whatever` IS NULL"]


def test_mistakes_of_all_checks_are_found_at_once():
    declared = "checks: [{not_null: [a, flights, b]}, {between: {column: c, min_value: x, mostly: 90}}, {nul: a}]"

    found = promised(compiled(declared))

    assert [problem.message for problem in found.problems] == [
        "there is no output column a",
        "there is no output column b",
        "there is no output column c",
        "mostly must be a share above 0 and at most 1, not '90'",
        "there is no check nul",
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_check_is_documented_and_has_an_example_in_yaml(kind):
    arguments = yaml.safe_load(kind.example)
    required = {each.name for each in kind.takes if each.is_required}

    assert CHECKS[kind.name] is kind
    assert required <= set(arguments) <= {each.name for each in kind.takes}
    assert (kind.__doc__ or "").endswith(".")
    assert kind.bare in ("", *(each.name for each in kind.takes))


# --- comparing with earlier partitions ---

DRIFTS = [
    (Drift(within=0.3), 130, [100], ""),
    (Drift(within=0.3), 131, [100], "131, before it was 100 (+31.0 %, allowed are 30 %)"),
    (Drift(within=0.3), 69, [None, 100], "69, before it was 100 (-31.0 %, allowed are 30 %)"),
    (Drift(within=0.3), 5, [0], "5, before it was 0 (from nothing, allowed are 30 %)"),
    (Drift(within=0.3), 0, [0], ""),
    (Drift(within=0.3), None, [100], "unknown, as there are no values"),
    (Drift(within=0.3), 5, [], ""),
    (Drift(learn=28), 9000, [100] * 6, ""),
    (Drift(learn=28), 104, [100] * 7, ""),
    (Drift(learn=28), 105, [100] * 7, "105, usual are 96 to 104 (from 7 partitions)"),
    (Drift(learn=28), 150, [100, 120, 80, 90, 110, 100, 95], ""),
    (Drift(learn=28), 170, [100, 120, 80, 90, 110, 100, 95], "170, usual are 40.696 to 159.304 (from 7 partitions)"),
    (Drift(is_set=True), "a\nb", ["b\na\nc"], ""),
    (Drift(is_set=True), "a\nd", ["a", "b\nc"], "d"),
    (Drift(is_set=True), None, ["a"], ""),
    (Drift(is_set=True), "a", [], ""),
]


@pytest.mark.parametrize(("drift", "value", "earlier", "complaint"), DRIFTS)
def test_drift(drift, value, earlier, complaint):
    assert drifted(drift, value, earlier)[0] == complaint


# --- results ---


def test_a_result_has_the_form_of_great_expectations():
    declared = "checks: [{not_null: {column: rate, mostly: 0.9, severity: warn, row_condition: flights > 0}}]"
    (promise,) = promised(compiled(declared)).promises
    verdict = dataclasses.replace(
        judged(promise, [2, 8], 10, nothing_before), examples=({"rate": None, "carrier": "UA"},)
    )

    assert promise.severity is Severity.WARNING
    assert result_json(verdict) == {
        "success": False,
        "expectation_config": {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "rate", "mostly": 0.9, "row_condition": "flights > 0"},
            "meta": {},
            "severity": "warning",
        },
        "result": {
            "element_count": 10,
            "unexpected_count": 2,
            "unexpected_percent": 20.0,
            "unexpected_percent_nonmissing": 25.0,
            "partial_unexpected_list": [None],
            "partial_unexpected_index_list": [{"rate": None, "carrier": "UA"}],
        },
        "meta": {"message": "rate is NULL in 2 rows, of 8: more than 10 %"},
        "exception_info": {"raised_exception": False, "exception_message": None, "exception_traceback": None},
    }


def test_a_query_of_bad_rows_shows_the_key_and_what_is_wrong():
    model = compiled("key: [flight_date, carrier]\nchecks: [{not_null: rate}, {unique: flights}]")

    of_a_day = "FROM marts.daily WHERE `flight_date` >= @start AND `flight_date` < @end"
    first, second = (sample_query(each, model) for each in promised(model).promises[1:])
    by_key = "ORDER BY `flight_date`, `carrier` LIMIT 20"
    assert first == f"SELECT `flight_date`, `carrier`, `rate` {of_a_day} AND (`rate` IS NULL) {by_key}"
    repeated = "`flights` IS NOT NULL AND COUNT(*) OVER (PARTITION BY `flights`) > 1"
    assert second == f"SELECT `flight_date`, `carrier`, `flights` {of_a_day} QUALIFY ({repeated}) {by_key}"


def test_a_select_of_bad_rows_reads_one_partition():
    declared = (
        'checks: [{sql: "SELECT d.carrier FROM marts.daily AS d JOIN dims.c USING (carrier) WHERE rate > 9 -- x"}]'
    )
    (promise,) = promised(compiled(declared)).promises

    assert promise.query == (
        "SELECT d.carrier FROM (SELECT * FROM marts.daily WHERE `flight_date` >= @start AND `flight_date` < @end) AS d"
        " JOIN dims.c USING (carrier) WHERE rate > 9"
    )
    assert promise.reads == (("dims.c", ""),)


def test_many_bad_declarations_have_a_place_and_advice_each():
    """Those of a golden case, as they are printed when the project is linted: no row is looked at."""
    printed = GOLDEN.read_text(encoding="utf-8")
    findings = re.split(r"^(?=models/marts/daily\.sql:\d+:\d+: A30\d )", printed, flags=re.MULTILINE)[1:]

    assert len(findings) > 40
    assert [each for each in findings if "\n  help: " not in each] == []
