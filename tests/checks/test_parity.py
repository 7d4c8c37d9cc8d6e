"""The compiled checks and Great Expectations itself, over the same rows."""

from __future__ import annotations

from random import Random

import pytest
import yaml
from lab import Lab, daily, graph_of, model, source

from aggregator.checks import KINDS, promised
from aggregator.checks.elsewhere import ONLY_ELSEWHERE
from aggregator.core.names import TableName
from aggregator.export.great_expectations import Expected, Site, expected, frame_query, is_fault
from aggregator.run.published import check_published

pytest.importorskip("great_expectations")

COLUMNS = {"day": "DATE", "i": "INT64", "j": "INT64", "x": "FLOAT64", "s": "STRING", "d": "DATE"}
NAME = TableName("marts", "t")
CHECKS = """
- expect_column_values_to_not_be_null: {column: i}
- expect_column_values_to_not_be_null: {column: i, mostly: 0.5}
- expect_column_values_to_not_be_null: {column: s, row_condition: i > 1 OR j IS NULL}
- expect_column_values_to_be_null: {column: x}
- expect_column_values_to_be_null: {column: x, mostly: 0.3}
- expect_column_values_to_be_unique: {column: i}
- expect_column_values_to_be_unique: {column: s, row_condition: i IS NOT NULL}
- expect_column_values_to_be_in_set: {column: i, value_set: [0, 1, 2]}
- expect_column_values_to_be_in_set: {column: s, value_set: [a, bb], mostly: 0.6}
- expect_column_values_to_not_be_in_set: {column: s, value_set: ["", "x'y"]}
- expect_column_values_to_be_between: {column: i, min_value: 0, max_value: 3}
- expect_column_values_to_be_between: {column: x, min_value: -1, strict_min: true, mostly: 0.75}
- expect_column_values_to_be_between: {column: x, max_value: 2.5, strict_max: true}
- expect_column_values_to_be_between: {column: d, min_value: "2013-01-01", max_value: "2013-01-02"}
- expect_column_values_to_match_regex: {column: s, regex: "^[ab]+$"}
- expect_column_values_to_match_regex: {column: s, regex: "b", mostly: 0.4}
- expect_column_values_to_not_match_regex: {column: s, regex: "\\\\d|'"}
- expect_column_value_lengths_to_be_between: {column: s, min_value: 1, max_value: 2}
- expect_column_value_lengths_to_be_between: {column: s, max_value: 2, strict_max: true, mostly: 0.5}
- expect_column_value_lengths_to_equal: {column: s, value: 1, mostly: 0.5}
- expect_column_pair_values_a_to_be_greater_than_b: {column_A: i, column_B: j}
- expect_column_pair_values_a_to_be_greater_than_b:
    {column_A: i, column_B: j, or_equal: true, mostly: 0.5, ignore_row_if: either_value_is_missing}
- expect_column_pair_values_to_be_equal: {column_A: i, column_B: j, mostly: 0.3}
- expect_column_pair_values_to_be_equal: {column_A: i, column_B: j, ignore_row_if: either_value_is_missing}
- expect_multicolumn_sum_to_equal: {column_list: [i, j], sum_total: 3, ignore_row_if: any_value_is_missing}
- expect_select_column_values_to_be_unique_within_record:
    {column_list: [i, j], ignore_row_if: any_value_is_missing, mostly: 0.5}
- expect_compound_columns_to_be_unique: {column_list: [i, s]}
- expect_compound_columns_to_be_unique: {column_list: [i, j], row_condition: x > 0}
- expect_table_row_count_to_be_between: {min_value: 2, max_value: 5}
- expect_table_row_count_to_equal: {value: 3}
- expect_column_min_to_be_between: {column: i, min_value: 0, max_value: 1}
- expect_column_max_to_be_between: {column: x, max_value: 3, strict_max: true}
- expect_column_max_to_be_between: {column: i, min_value: 2, row_condition: s = 'a'}
- expect_column_mean_to_be_between: {column: i, min_value: 0.5, max_value: 2}
- expect_column_sum_to_be_between: {column: i, min_value: 1, max_value: 6}
- expect_column_stdev_to_be_between: {column: i, max_value: 1.1}
- expect_column_unique_value_count_to_be_between: {column: s, min_value: 2, max_value: 3}
- expect_column_proportion_of_unique_values_to_be_between: {column: i, min_value: 0.6}
- expect_column_proportion_of_non_null_values_to_be_between: {column: i, min_value: 0.8}
- expect_column_distinct_values_to_be_in_set: {column: i, value_set: [0, 1, 2, 3]}
- expect_column_distinct_values_to_contain_set: {column: i, value_set: [1, 2]}
- expect_column_distinct_values_to_equal_set: {column: s, value_set: [a, bb]}
"""
ESTIMATES = {"expect_column_median_to_be_between", "expect_column_quantile_values_to_be_between"}
OTHERWISE = ("like_pattern",)
"""Great Expectations asks these of SQL alone."""


@pytest.fixture
def lab(tmp_path):
    declared = model("SELECT * FROM lake.t", partition=daily("day", "2013-01-01"), checks=yaml.safe_load(CHECKS))
    files = {"models/lake/t.yml": source(COLUMNS, partition=daily("day", "2013-01-01")), "models/marts/t.sql": declared}
    found = Lab(graph_of(tmp_path, files))
    with found.engine():
        pass
    types = {"INT64": "BIGINT", "FLOAT64": "DOUBLE", "STRING": "VARCHAR"}
    listed = ", ".join(f"{name} {types.get(type_, type_)}" for name, type_ in COLUMNS.items())
    found.execute("CREATE SCHEMA marts", f"CREATE TABLE marts.t ({listed})")
    return found


def rows(random: Random, day: str) -> list[str]:
    """Some rows of a day: often with NULLs, repeated values, and values at the bounds."""
    count = random.choice([1, 1, 2, 3, 3, 4, 5, 8])
    nulls = random.choice([0, 0.2, 0.6, 1])

    def one(*values: str) -> str:
        return "NULL" if random.random() < nulls else random.choice(values)

    texts = ("'a'", "'bb'", "'ab'", "''", "'x''y'", "'7'")
    return [
        f"(DATE '{day}', {one('0', '1', '2', '3', '4')}, {one('0', '1', '2')}, {one('-1', '0', '2.5', '3', '1e9')},"
        f" {one(*texts)}, {one(*(f'DATE {quoted}' for quoted in DATES))})"
        for _ in range(count)
    ]


DATES = ("'2013-01-01'", "'2013-01-02'", "'2013-01-03'")


def test_compiled_checks_agree_with_great_expectations(lab):
    random = Random(7)
    days = [f"2013-01-{day:02}" for day in range(1, 13)]
    lab.execute(*(f"INSERT INTO marts.t VALUES {', '.join(rows(random, day))}" for day in days))
    compiled = lab.graph.models[NAME]
    wanted = expected(compiled, promised(compiled))
    site = Site()

    with lab.engine() as engine:
        ours = check_published(compiled, lab.graph, engine, {})
        query = frame_query(compiled, wanted, "day = @start")
        theirs = {day: site.validate(compiled, wanted, engine.rows(query, {"start": day}), day) for day in days}

    assert sorted(ours) == days
    different = [
        (day, said["expectation_config"]["type"], verdict.is_kept, verdict.values, said["result"])
        for day in days
        for verdict, said in zip(ours[day], theirs[day]["results"], strict=True)
        if verdict.is_kept != said["success"] or is_fault(said) or verdict.error
    ]
    assert different == [], "\n".join(map(str, different))
    kept = [verdict.is_kept for of in ours.values() for verdict in of]
    assert 0.2 < sum(kept) / len(kept) < 0.8


def test_every_check_of_great_expectations_is_compared_or_known_to_differ():
    declared = {name for each in yaml.safe_load(CHECKS) for name in each}
    theirs = {each.name for each in KINDS if each.name.startswith("expect_") and not _is_static(each)}

    assert theirs - declared == ESTIMATES | {name for name in theirs if any(part in name for part in OTHERWISE)}


def _is_static(check) -> bool:
    return check.name.startswith("expect_table_column") or check.name.endswith(("_exist", "_type", "_type_list"))


def test_what_is_not_compiled_is_known_by_name():
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    assert {*list_registered_expectation_implementations()} == {
        *ONLY_ELSEWHERE,
        *(each.name for each in KINDS if each.name.startswith(("expect_", "unexpected_"))),
    }


def test_what_is_not_compiled_runs_there(lab, tmp_path):
    lab.execute("INSERT INTO marts.t VALUES " + ", ".join(rows(Random(1), "2013-01-01")))
    compiled = lab.graph.models[NAME]
    wanted = [
        Expected("expect_column_values_to_match_regex_list", {"column": "s", "regex_list": ["^a", "^b"]}),
        Expected("expect_column_values_to_be_between", {"column": "i", "min_value": -9}),
        Expected("expect_column_values_to_be_between", {"column": "nothing", "min_value": 0}),
    ]
    site = Site(tmp_path / "docs")

    with lab.engine() as engine:
        result = site.validate(compiled, wanted, engine.rows(frame_query(compiled, wanted, ""), {}), "marts.t")
    site.build_docs()

    assert [(each["success"], is_fault(each)) for each in result["results"]][1:] == [(True, False), (False, True)]
    assert "marts.t" in (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
