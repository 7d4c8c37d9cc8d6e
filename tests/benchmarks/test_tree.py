"""The cost of a command is that of all processes that it starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.measure import ChildError
from benchmarks.tree import run_tree, watch_tree

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is read as Linux tells it")

MIB = 1 << 20
CHILD = f"import time; held = bytearray(b'x') * {60 * MIB}; begun = time.process_time()\n"
CHILD += "while time.process_time() - begun < 0.3: pass"
PARENT = f"""
import subprocess, sys
children = [subprocess.Popen([sys.executable, "-c", {CHILD!r}]) for _ in range(2)]
print("started", len(children))
sys.exit(max(child.wait() for child in children))
"""


def test_children_count(tmp_path):
    cost, printed = run_tree([sys.executable, "-c", PARENT], tmp_path)

    assert printed == "started 2\n"
    assert cost.cpu >= 0.6
    assert 120 * MIB < cost.peak < 250 * MIB


def test_each_process_has_a_peak(tmp_path):
    found = watch_tree([sys.executable, "-c", PARENT], tmp_path)

    assert found.peak_of("") < 60 * MIB < found.peak_of("held = bytearray")
    assert found.peak_of("no such command") == 0


def test_a_command_that_fails_has_no_cost(tmp_path):
    with pytest.raises(ChildError, match=r"ended with 3:\ntoo bad"):
        run_tree([sys.executable, "-c", "import sys; print('too bad'); sys.exit(3)"], tmp_path)


def test_variables_are_added_to_the_environment(tmp_path):
    command = [sys.executable, "-c", "import os; print(os.environ['SIZE'], 'PATH' in os.environ)"]

    assert run_tree(command, tmp_path, {"SIZE": "12"})[1] == "12 True\n"
