"""What is asked of the analyzer when it is measured, and what is said where it can't be had."""

from __future__ import annotations

import dataclasses
import statistics

import pytest

from aggregator.analyzers.googlesql.module import why_missing
from benchmarks import __main__ as benchmarks
from benchmarks import analyzer, judging
from benchmarks.analyzer import ANALYZER
from benchmarks.figures import Workshop
from benchmarks.generate import design
from benchmarks.measure import ChildError, Cost

needs_analyzer = pytest.mark.skipif(bool(why_missing()), reason=why_missing())


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(analyzer, "_PACKAGES", ("a_package_that_nobody_has",))


@pytest.mark.parametrize("name", ANALYZER)
def test_without_the_extra_there_is_no_figure(name, nothing_installed, tmp_path):
    with pytest.raises(
        ChildError, match=r"a_package_that_nobody_has not installed: pip install 'aggregator\[googlesql\]'"
    ):
        ANALYZER[name](Workshop(tmp_path))


def test_that_is_said_in_a_sentence(nothing_installed, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "analyzer"])

    benchmarks.main()

    assert capsys.readouterr().out.startswith("\nanalyzer: no figure: a_package_that_nobody_has not installed: ")


def test_statements_are_as_large_as_is_said():
    lines = [len(each.sql.splitlines()) for each in judging.larges(design(1000))[:25]]

    assert len(lines) >= 10
    assert 90 <= statistics.median(lines) <= 130
    assert len(judging.small(1).sql.splitlines()) == 10


def test_each_small_statement_has_a_table_of_its_own():
    assert judging.small(1).tables != judging.small(2).tables
    assert judging.small(1).tables[0].name in judging.small(1).sql


@needs_analyzer
def test_statements_are_accepted(monkeypatch):
    monkeypatch.setattr(judging, "_ROUNDS", 3)

    found = judging.statements()

    assert {size: len(each["costs"]) for size, each in found.items()} == {"small": 2, "large": 2}
    assert all(cost.cpu > 0 for each in found.values() for cost in each["costs"])


@needs_analyzer
def test_a_dry_run_is_measured_with_its_processes(tmp_path, monkeypatch):
    for name, value in (("_RUNS", {5: 1}), ("_WARM_RUNS", 1), ("BOUNDS", {5: (60, 60, 60)})):
        monkeypatch.setattr(analyzer, name, value)

    figure = analyzer.dry_run(5, Workshop(tmp_path))

    costs = {row.what: row.cost for row in figure.rows}
    assert costs["aggregator dry-run, cold"].cpu > costs["lint, cold: without the analyzer"].cpu
    assert "one process of the analyzer" in figure.rows[0].size
    assert "of the analyzer 0 MiB" not in figure.rows[0].size
    assert len(figure.goals) == 3


@needs_analyzer
def test_the_first_verdict_is_measured_from_the_start_of_a_process(tmp_path, monkeypatch):
    monkeypatch.setattr(analyzer, "_STARTS", 1)
    one = dataclasses.asdict(Cost(0.01, 0.1, 1_000_000))
    answers = {
        "start": {"first": one},
        "statements": {each: {"costs": [one], "lines": 7} for each in ("small", "large")},
    }
    monkeypatch.setattr(analyzer, "_ask", lambda work, _: answers[work])

    figure = analyzer.analyzer(Workshop(tmp_path))

    assert [(goal.what, goal.is_met) for goal in figure.goals] == [
        ("CPU of a small statement", True),
        ("CPU of a large statement", True),
        ("wall time to the first verdict", True),
        ("peak memory of a process", True),
    ]
