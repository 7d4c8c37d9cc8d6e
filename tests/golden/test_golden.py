"""What a user types and what the answer is, compared to the letter.

A case is a folder: ``project/`` (files that it lacks come from ``common/project/``), ``command`` (``lint`` where there
is none) and ``expected/output.txt``. ``pytest --update`` writes what the command says now; read the difference.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import shutil
from pathlib import Path

import pytest

from aggregator.analyzers.googlesql.module import why_missing
from aggregator.cli import main

GOLDEN = Path(__file__).resolve().parent
CASES = sorted(folder.parent for folder in GOLDEN.glob("*/*/project"))


def transcript(command: str, project: Path) -> str:
    """A command and its answer as one text: standard output and error apart, and the exit code.

    It is quiet: whether progress is shown depends on the machine. What is said of it is tested with a clock of its own.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*shlex.split(command), "--quiet", "--project", str(project)])
    said = [(name, stream.getvalue()) for name, stream in (("stdout", out), ("stderr", err))]
    parts = [f"--- {name}\n{text}" for name, text in said if text]
    return "".join((f"$ aggregator {command}\n", *parts, f"--- exit code {code}\n"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(GOLDEN).as_posix())
def test_golden(case: Path, tmp_path: Path, request: pytest.FixtureRequest):
    if case.parent.name == "dry-run" and why_missing():
        pytest.skip(why_missing())
    project = tmp_path / "project"
    shutil.copytree(GOLDEN / "common" / "project", project)
    shutil.copytree(case / "project", project, dirs_exist_ok=True)
    command = (case / "command").read_text().strip() if (case / "command").is_file() else "lint"

    actual = transcript(command, project)

    assert "Traceback" not in actual
    assert str(tmp_path) not in actual
    file = case / "expected" / "output.txt"
    if request.config.getoption("--update"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(actual, encoding="utf-8")
    expected = file.read_text(encoding="utf-8") if file.is_file() else ""
    assert expected == actual


def test_there_are_cases():
    assert len(CASES) > 100
