"""Unit tests of models under pytest, in a process of its own, as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab import daily, model, project_file, source, write_files

ROOT = Path(__file__).resolve().parents[2]
CUT = daily("day", "2024-01-01")
FILES = {
    "aggregator.yml": project_file(),
    "models/lake/events.yml": source({"day": "DATE", "carrier": "STRING", "late": "INT64"}, partition=CUT),
    "models/marts/daily.sql": model(
        "SELECT day, carrier, COUNT(*) AS flights, COUNTIF(late > 15) AS late FROM lake.events GROUP BY day, carrier",
        partition=CUT,
        key=["day", "carrier"],
    ),
}
RIGHT = """\
interval: {from: 2024-01-01, to: 2024-01-02}
given:
  lake.events: [{day: 2024-01-01, carrier: UA, late: 16}, {day: 2024-01-01, carrier: UA, late: 15}]
expect: [{carrier: UA, flights: 2, late: 1}]
"""
WRONG = RIGHT.replace("late: 1}]", "late: 2}]")
CASES = "tests/models/marts/daily"


def run_pytest(folder, *arguments):
    """The exit code, and what is printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_plain_pytest_runs_tests_of_models_beside_others(tmp_path):
    other = {"tests/test_other.py": "def test_other(): pass\n", "tests/other.yml": "a: 1\n"}
    write_files(tmp_path, {**FILES, **other, f"{CASES}/right.yml": RIGHT})

    code, printed = run_pytest(tmp_path, "-v")

    assert code == 0, printed
    assert f"{CASES}/right.yml::right PASSED" in printed
    assert "2 passed" in printed


def test_a_failure_shows_the_rows_that_differ(tmp_path):
    write_files(tmp_path, {**FILES, f"{CASES}/right.yml": RIGHT, f"{CASES}/wrong.yml": WRONG})

    code, printed = run_pytest(tmp_path, "--aggregator-engine", "duckdb")

    assert code == 1
    assert "1 failed, 1 passed" in printed
    assert "marts.daily wrong" in printed
    assert f"{CASES}/wrong.yml:4:10: T801 marts.daily wrong on duckdb: 1 row different\n" in printed
    assert "  ~ {carrier: UA}\n      late  expected 2, got 1\n" in printed
    assert "Traceback" not in printed
    assert "pytest_plugin.py" not in printed


def test_a_file_that_is_no_test_fails_and_says_why(tmp_path):
    write_files(tmp_path, {**FILES, f"{CASES}/odd.yml": RIGHT.replace("expect:", "expct:")})

    code, printed = run_pytest(tmp_path)

    assert code == 1
    assert f"{CASES}/odd.yml:4:1:" in printed
    assert "did you mean expect?" in printed


def test_errors_of_the_project_are_shown(tmp_path):
    broken = {"models/marts/other.sql": model("SELECT nothing FROM lake.events")}
    write_files(tmp_path, {**FILES, **broken, f"{CASES}/right.yml": RIGHT})

    code, printed = run_pytest(tmp_path)

    assert code == 1
    assert "the project has errors:\nmodels/marts/other.sql:" in printed


@pytest.mark.parametrize(
    ("ini", "tests"),
    [
        pytest.param("", 0, id="the root folder is no project"),
        pytest.param("aggregator_project = sql\n", 1, id="the project is named"),
    ],
)
def test_a_project_elsewhere_is_collected_where_it_is_named(tmp_path, ini, tests):
    inside = {f"sql/{path}": text for path, text in {**FILES, f"{CASES}/right.yml": RIGHT}.items()}
    write_files(tmp_path, {**inside, "pytest.ini": f"[pytest]\n{ini}"})

    code, printed = run_pytest(tmp_path)

    assert (code, "1 passed" in printed) == ((0, True) if tests else (5, False))


def test_it_can_be_turned_off(tmp_path):
    ini = {"pytest.ini": "[pytest]\naggregator_project = none\n"}
    write_files(tmp_path, {**FILES, **ini, f"{CASES}/right.yml": RIGHT})

    assert run_pytest(tmp_path)[0] == 5


def test_a_project_that_is_not_there_is_a_mistake(tmp_path):
    write_files(tmp_path, {"pytest.ini": "[pytest]\naggregator_project = sql\n"})

    code, printed = run_pytest(tmp_path)

    assert code == 4
    assert "aggregator_project: there is no aggregator.yml in" in printed


def test_other_runs_of_pytest_pay_next_to_nothing():
    asked = "import sys, pytest; before = set(sys.modules); import aggregator.pytest_plugin; "
    asked += "print(sorted(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", asked], env=environment, text=True, capture_output=True, check=True)

    assert done.stdout.strip() == "['aggregator', 'aggregator.pytest_plugin']"
