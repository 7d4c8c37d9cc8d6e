"""``aggregator schema``, and what editors and hooks are told about commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from aggregator.cli.commands.lint import command as lint
from aggregator.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["project", "model", "source"])
def test_it_prints_what_is_published(name, capsys):
    assert main(["schema", name]) == 0

    assert capsys.readouterr().out == (ROOT / "docs" / "schemas" / f"{name}.json").read_text(encoding="utf-8")


def test_there_is_no_other_schema(capsys):
    assert main(["schema", "macro"]) == 2

    assert "'project', 'model', 'source'" in capsys.readouterr().err


def hook():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return hook


def test_the_hook_runs_a_command_that_there_is():
    program, name, *arguments = hook()["entry"].split()

    assert (program, name) == ("aggregator", "lint")
    context = lint.make_context("lint", [*arguments, "--project", str(ROOT)])
    assert isinstance(context, click.Context)
    assert context.params["selection"] == ("changed:HEAD+",)


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("aggregator.yml", True),
        ("models/marts/daily.sql", True),
        ("models/lake/flights.yml", True),
        ("macros/deep/money.jinja", True),
        ("teams/ops/models/marts/daily.sql", True),
        ("README.md", False),
        ("src/models.py", False),
        ("other/aggregator.yml.bak", False),
    ],
)
def test_files_for_which_the_hook_runs(path, runs):
    assert bool(re.search(hook()["files"], path)) is runs


def test_without_the_extra_the_server_says_what_is_missing(tmp_path):
    for name in ("pygls", "lsprotocol"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no', name='{name}')\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}

    command = [sys.executable, "-m", "aggregator", "lsp"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'aggregator[lsp]'" in done.stderr
