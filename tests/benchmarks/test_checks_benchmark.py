"""The checks that are measured hold, and both sides of the comparison count the same."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks.checks import EXPECTATIONS, checks
from benchmarks.figures import Workshop


@pytest.mark.skipif(importlib.util.find_spec("great_expectations") is None, reason="the extra gx is not installed")
def test_all_that_is_measured_holds_on_both_sides(tmp_path):
    """A check that did not hold would end the command, or the process of Great Expectations, with an error."""
    figure = checks(2000, Workshop(tmp_path), commands=1)

    assert len(EXPECTATIONS) == 10
    assert [row.what for row in figure.rows][-1] == "Great Expectations, a process"
    assert [goal.unit for goal in figure.goals] == ["×", "×"]
