"""What is said while many models are compiled: nothing if it is quick, else a line now and then."""

from __future__ import annotations

import sys

import pytest

from aggregator.cli import progress
from aggregator.cli.progress import Counter


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

    assert capsys.readouterr().err == ("\r4/9 models compiled\r8/9 models compiled\r9/9 models compiled\r\033[K")
