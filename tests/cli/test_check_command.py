"""`aggregator check`, and what `run`, `status` and `explain` say of checks."""

from __future__ import annotations

import importlib.util

import pytest
from lab import daily, model, source

CUT = daily("day", "2013-01-01", "2013-01-04")
CSV = "day,who,n\n2013-01-01,ann,1\n2013-01-02,bob,\n2013-01-02,cy,5\n2013-01-03,ann,70\n"


@pytest.fixture
def project(make_project):
    def make(checks, **front):
        columns = {"day": "DATE", "who": "STRING", "n": "INT64"}
        files = {
            "data/t.csv": CSV,
            "models/lake/t.yml": source(columns, partition=CUT, local="data/t.csv"),
            "models/marts/t.sql": model(
                "SELECT day, who, n FROM lake.t", partition=CUT, checks=checks, key=["day", "who"], **front
            ),
        }
        return make_project(files)

    return make


WARNED = [{"not_null": {"column": "n", "severity": "warn"}}, {"between": {"column": "n", "max_value": 60}}]


def test_a_run_says_what_it_held_back_and_what_it_only_warns_of(project, aggregator):
    root = project(WARNED)

    outcome = aggregator(root, "run", "--quiet")

    assert outcome.code == 1
    assert "R511 marts.t@2013-01-02: n is NULL in 1 rows; the rows were published\n" in outcome.err
    assert (
        "R503 marts.t@2013-01-03: n is not between -inf and 60 in 1 rows; the rows were not published\n" in outcome.err
    )
    assert "help: `aggregator explain marts.t@2013-01-03` shows them\n" in outcome.err
    failed = aggregator(root, "explain", "--quiet", "marts.t@2013-01-03").out
    assert "  day         who  n\n  2013-01-03  ann  70\n" in failed
    warned = aggregator(root, "explain", "--quiet", "marts.t@2013-01-02").out
    assert "expect_column_values_to_not_be_null: n is NULL in 1 rows\n" in warned
    assert "  2013-01-02  bob  NULL\n" in warned


def test_warnings_are_no_failure_and_are_shown_by_status(project, aggregator):
    root = project(WARNED[:1])

    outcome = aggregator(root, "run", "--quiet", "--format", "json")

    assert outcome.code == 0
    (step,) = outcome.json["steps"]
    assert step["warnings"] == ["marts.t@2013-01-02: n is NULL in 1 rows; the rows were published"]
    (result,) = step["checks"]
    assert (result["partition"], result["success"]) == ("2013-01-02", False)
    assert result["expectation_config"]["severity"] == "warning"
    assert result["result"]["unexpected_count"] == 1
    assert "3 fresh, 1 with warnings" in aggregator(root, "status", "--quiet").out
    assert "2013-01-02: n is NULL in 1 rows" in aggregator(root, "status", "--quiet", "marts.t").out
    states = aggregator(root, "status", "--quiet", "--format", "json").json
    assert [len(each["warnings"]) for each in states] == [0, 1, 0]


def test_published_partitions_are_checked(project, aggregator):
    root = project(WARNED[:1])
    aggregator(root, "run", "--quiet")
    file = root / "models/marts/t.sql"
    text = file.read_text()
    file.write_text(text.replace('"severity": "warn"', '"severity": "error"'))

    outcome = aggregator(root, "check", "--quiet")
    found = aggregator(root, "check", "--quiet", "--format", "json", "--partition", "2013-01-02")
    fine = aggregator(root, "check", "--quiet", "--partition", "2013-01-03")

    assert (outcome.code, found.code, fine.code) == (1, 1, 0)
    assert outcome.out == "marts.t  2 checks of 3 partitions: 1 broken\n"
    assert "R503 marts.t@2013-01-02: n is NULL in 1 rows\n" in outcome.err
    (suite,) = found.json
    assert (suite["suite_name"], suite["meta"], suite["success"]) == ("marts.t", {"partition": "2013-01-02"}, False)
    assert suite["statistics"]["successful_expectations"] == 1
    assert suite["results"][1]["result"]["partial_unexpected_index_list"] == [
        {"day": "2013-01-02", "who": "bob", "n": None}
    ]
    assert fine.out == "marts.t  2 checks of 1 partition: all kept\n"


def test_nothing_to_check_is_said(project, aggregator):
    outcome = aggregator(project(WARNED), "check", "--quiet")

    assert (outcome.code, outcome.out.startswith("There is nothing to check")) == (0, True)


@pytest.mark.skipif(importlib.util.find_spec("great_expectations") is None, reason="the extra gx is not installed")
def test_great_expectations_is_asked_and_writes_its_docs(project, aggregator, tmp_path):
    root = project([*WARNED[:1], {"expect_column_values_to_match_regex_list": {"column": "who", "regex_list": ["^b"]}}])
    aggregator(root, "run", "--quiet")

    outcome = aggregator(root, "check", "--quiet", "--gx", "--docs", str(tmp_path / "docs"))

    assert outcome.code == 1
    assert "marts.t@2013-01-03  3 expectations: 1 do not hold\n" in outcome.out
    assert "expect_column_values_to_match_regex_list (column: who, regex_list: ['^b']): 1 bad row\n" in outcome.out
    assert (tmp_path / "docs" / "index.html").is_file()
