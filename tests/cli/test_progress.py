"""What is said while many models are compiled: nothing if it is quick, else a line now and then."""

from __future__ import annotations

import itertools
import sys
import types

import pytest

from aggregator.cli import progress
from aggregator.cli.main import COMMANDS
from aggregator.cli.progress import Counter, counter

TWO_MODELS = {
    f"models/marts/{name}.sql": "/*---\ndescription: A number.\nowner: a@b.c\n---*/\nSELECT 1 AS n\n"
    for name in ("one", "two")
}


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_said_of_what_is_quick(clock, capsys):
    counter = Counter("models compiled")
    clock[0] = 1.9
    counter.tell(10, 10)

    assert capsys.readouterr().err == ""


def test_a_line_every_two_seconds(clock, capsys):
    counter = Counter("models compiled")
    for done in range(1, 8):
        clock[0] += 0.9
        counter.tell(done, 1000)

    assert capsys.readouterr().err == "3/1,000 models compiled\n6/1,000 models compiled\n"


def test_one_line_on_a_terminal_that_goes_when_all_is_done(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    counter = Counter("models compiled")
    for done in (4, 8, 9):
        clock[0] += 2.1
        counter.tell(done, 9)
    counter.tell(9, 9)

    assert capsys.readouterr().err == ("\r4/9 models compiled\r8/9 models compiled\r\033[K")


def test_quiet_says_nothing(clock, capsys):
    tell = counter("models compiled", quiet=True)
    clock[0] = 60
    tell(1, 2)

    assert capsys.readouterr().err == ""


@pytest.fixture
def slow_machine(monkeypatch):
    """Three seconds pass whenever anyone looks at the clock."""
    seconds = itertools.count(step=3)
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=lambda: float(next(seconds))))


def test_a_command_that_takes_long_tells_how_far_it_is(slow_machine, make_project, aggregator):
    root = make_project(TWO_MODELS)

    assert "1/2 models compiled" in aggregator(root, "compile").err.splitlines()


@pytest.mark.parametrize(
    "command",
    [("compile",), ("lint",), ("plan",), ("status",), ("run",), ("show", "marts.one"), ("explain", "marts.one")],
)
def test_and_does_not_when_it_is_to_be_quiet(slow_machine, make_project, aggregator, command):
    outcome = aggregator(make_project(TWO_MODELS), *command, "--quiet")

    assert "models compiled" not in outcome.err
    assert outcome.code == 0


@pytest.mark.parametrize(
    "name", sorted(COMMANDS.keys() - {"init", "schema", "lsp", "catalog", "airflow", "monitoring", "setup-analyzer"})
)
def test_all_work_on_a_project_can_be_quiet(name, aggregator, tmp_path):
    assert "--quiet" in aggregator(tmp_path, name, "--help").out
