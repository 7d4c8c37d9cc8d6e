"""What all tests share: small projects on disk, the command line, and the demo."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from aggregator.cli import main

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.load_profile("default")

PROJECT_FILE = """
project: test
time_zone: UTC
environments:
  local: {engine: duckdb, path: .aggregator/local.duckdb}
default_environment: local
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected output of golden cases")


def pytest_configure() -> None:
    """Say at once what would else end a run of ten minutes: folders of tests are no packages, so names must differ.

    Whoever is started in the background ignores interrupts, and so do all that it starts; tests interrupt some.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = collections.Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    twice = [name for name, files in names.items() if files > 1]
    if twice:
        raise pytest.UsageError(f"two files of tests have one name: {', '.join(sorted(twice))}")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The machine format on standard output."""
        return json.loads(self.out)


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Write a project's files; an ``aggregator.yml`` is added unless given. Text is dedented."""

    def make(files: Mapping[str, str | bytes], folder: str = "project") -> Path:
        root = tmp_path / folder
        for path, content in {"aggregator.yml": PROJECT_FILE, **files}.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else textwrap.dedent(content).lstrip("\n").encode()
            target.write_bytes(data)
        return root

    return make


@pytest.fixture
def aggregator() -> Callable[..., Outcome]:
    """Run a command in this process, on a project."""

    def run(root: Path, command: str, *arguments: str) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([command, "--project", str(root), *arguments])
        return Outcome(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def aggregator_process() -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a process of its own, so that it can be killed, starved or raced."""

    def start(root: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "aggregator", *arguments]
        return subprocess.Popen(
            command,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    return start


@pytest.fixture(scope="session")
def demo_files() -> Path:
    """This repository's own project, as committed."""
    return ROOT


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo project with nothing built."""
    pytest.importorskip("duckdb")
    for part in ("aggregator.yml", "models", "macros"):
        source = ROOT / part
        target = tmp_path / "demo" / part
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return tmp_path / "demo"
