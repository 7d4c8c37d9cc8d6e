"""Checks on BigQuery: asked of staged rows, and told apart from what can't be computed."""

from __future__ import annotations

from one_table import files

from aggregator.core.report import Status

OWN = [{"sql": "SELECT * FROM marts.daily WHERE part < 0"}]


def asked(warehouse):
    return [body["query"] for _, _, body in warehouse.requests if isinstance(body, dict) and "query" in body]


def test_a_select_of_ones_own_is_asked_of_staged_rows(warehouse, build):
    """The server counts a row for every question that it does not know, so the promise is broken."""
    report = build(files("2024-01-01", "2024-01-02", key=False, checks=OWN))

    (result,) = report.results
    assert result.status is Status.FAILED
    assert result.problem.code.id == "R503"
    question = next(each for each in asked(warehouse) if "part < 0" in each)
    assert "FROM (SELECT * FROM `acme`.`_aggregator`.`staging_prod_marts-daily_2024-01-01_" in question
    assert "WHERE `day` >= @start AND `day` < @end) AS daily WHERE part < 0)" in question
    assert "acme.marts.daily" not in warehouse.stored


def test_a_number_that_can_not_be_computed_is_named(warehouse, build):
    checks = [{"not_null": ["part"]}, {"between": {"column": "part", "max_value": 5}}]
    warehouse.job_errors["check"] = ["invalidQuery", "", "", "", "invalidQuery"]

    report = build(files("2024-01-01", "2024-01-02", checks=checks))

    (result,) = report.results
    assert result.problem.code.id == "R512"
    assert "between" in result.problem.message
    assert "acme.marts.daily" not in warehouse.stored


def test_a_query_that_fails_by_itself_is_no_fault_of_a_check(warehouse, build):
    warehouse.job_errors["check"] = ["invalidQuery", "invalidQuery"]

    (result,) = build(files("2024-01-01", "2024-01-02")).results

    assert result.problem.code.id == "R501"
