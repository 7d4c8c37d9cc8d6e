"""Output that nobody takes: a reader that has gone, a disk that is full, no output at all; what nobody should read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab import model, source

COMMANDS = [pytest.param(("explain", "A105"), id="text"), pytest.param(("schema", "model"), id="JSON")]
ROOT = Path(__file__).resolve().parents[2]
CODE = "import sys; from aggregator.cli import main; sys.exit(main())"


def started(arguments, **streams):
    command = [sys.executable, "-c", CODE, *arguments]
    return subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False, **streams)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_reader_that_has_gone(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = started(arguments, stdout=writing)
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_disk_that_is_full(arguments):
    with Path("/dev/full").open("w") as full:
        done = started(arguments, stdout=full)

    expected = "error: what the command gives can't be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, expected)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_no_output_at_all(arguments):
    done = started(arguments, preexec_fn=lambda: os.close(1))

    assert (done.returncode, done.stderr) == (0, "")


def test_what_python_thinks_of_a_pattern_is_not_shown(make_project):
    root = make_project(
        {
            "models/lake/names.yml": source({"name": "STRING"}),
            "models/marts/first.sql": model("SELECT REGEXP_EXTRACT(name, r'[[:alpha:]]+') AS word FROM lake.names"),
        }
    )

    done = started(["lint", "--quiet", "--project", str(root)], stdout=subprocess.PIPE)

    assert "Warning" not in done.stderr
