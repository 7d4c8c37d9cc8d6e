"""The command line: exit codes, help, what is imported, and pages for every code."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lab import model

import aggregator
from aggregator.cli import main
from aggregator.cli.commands import lint as lint_command
from aggregator.cli.commands.explain import all_codes
from aggregator.cli.main import COMMANDS
from aggregator.core.diagnostics import Code, Layer
from aggregator.engines import WarehouseError

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
source:
  description: Names of airlines.
  owner: ops@example.com
  columns: {carrier: STRING, name: STRING}
"""
MODEL = """
/*---
description: Names.
owner: ops@example.com
---*/
SELECT carrier, name FROM lake.airlines
"""
FILES = {"models/lake/airlines.yml": SOURCE, "models/marts/names.sql": MODEL}
BROKEN = {**FILES, "models/marts/broken.sql": MODEL.replace("SELECT", "SELEC")}
STARRED = {**FILES, "models/marts/star.sql": MODEL.replace("carrier, name", "*")}


def typed(*arguments: str) -> tuple[int, str, str]:
    """What a user types after ``aggregator``: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()


# --- exit codes ---


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        (FILES, ["lint"], 0),
        (FILES, ["compile"], 0),
        (FILES, ["show", "marts.names"], 0),
        (FILES, ["explain", "A101"], 0),
        (BROKEN, ["lint"], 1),
        (BROKEN, ["compile"], 1),
        (BROKEN, ["plan"], 1),
        (BROKEN, ["run"], 1),
        (BROKEN, ["status"], 1),
        (STARRED, ["lint"], 1),
        (FILES, ["lint", "--env", "nowhere"], 2),
        (FILES, ["lint", "--nonsense"], 2),
        (FILES, ["lint", "--format", "xml"], 2),
        (FILES, ["lint", "--select", "marts.nothing"], 2),
        (FILES, ["lint", "surplus"], 2),
        (FILES, ["plan", "--from", "tomorrow"], 2),
        (FILES, ["plan", "--from", "2013-01-01T00:00:00+01:00"], 2),
        (FILES, ["plan", "--from", "2013-02-01", "--to", "2013-02-01T00"], 2),
        (FILES, ["run", "--wait", "-1"], 2),
        (FILES, ["show"], 2),
        (FILES, ["show", "marts.nothing"], 2),
        (FILES, ["explain", "A999"], 2),
        (FILES, ["explain", "marts.nothing@2013-01-01"], 2),
        (FILES, ["compile", "--out", "aggregator.yml"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(files, arguments, code, make_project, monkeypatch):
    monkeypatch.chdir(make_project(files))

    found, _, err = typed(*arguments)

    assert found == code, err
    assert "Traceback" not in err


def test_nothing_is_built_from_a_broken_project(make_project):
    root = make_project(BROKEN)

    code, out, err = typed("run", "--project", str(root))

    assert (code, out, err.splitlines()[-1]) == (1, "", "1 error: nothing was run")
    assert not (root / ".aggregator" / "local.duckdb").exists()


def test_no_project_at_all(tmp_path):
    code, out, err = typed("lint", "--project", str(tmp_path))

    assert (code, out) == (2, "")
    assert re.search(r"aggregator.yml:1:1: A101 there is no aggregator.yml in .* or above it\n", err)
    assert "help: change into a project, or make one with `aggregator init DIR`" in err


def test_a_folder_that_is_not_there(tmp_path):
    code, _, err = typed("lint", "--project", str(tmp_path / "nowhere"))

    assert (code, "does not exist" in err) == (2, True)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            KeyError("x"),
            3,
            "bug: KeyError: 'x'\nhelp: this is a mistake in aggregator; AGGREGATOR_DEBUG=1 shows where\n",
        ),
        (WarehouseError("it is gone", "look for it"), 2, "error: it is gone\nhelp: look for it\n"),
        (
            KeyboardInterrupt(),
            130,
            "\ninterrupted; what was published stays, `aggregator run` goes on from here\n",
        ),
    ],
    ids=["a bug of ours", "a warehouse that is gone", "control and C"],
)
def test_what_nobody_caught(error, code, said, make_project, monkeypatch):
    def fail(*_, **__):
        raise error

    monkeypatch.delenv("AGGREGATOR_DEBUG", raising=False)
    monkeypatch.setattr(lint_command, "open_project", fail)

    assert typed("lint", "--project", str(make_project(FILES))) == (code, "", said)


# --- help ---


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_command(flag):
    code, out, _ = typed(flag)

    assert code == 0
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    code, out, _ = typed(command, "--help")

    assert code == 0
    assert out.startswith(f"Usage: aggregator {command} ")
    assert COMMANDS[command].rstrip(".") in " ".join(out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_help_text(command):
    module = importlib.import_module(f"aggregator.cli.commands.{command.replace('-', '_')}")

    options = [each for each in module.command.params if each.param_type_name == "option"]

    assert [each.name for each in options if not each.help] == []


def test_the_version():
    assert typed("--version") == (0, f"aggregator {aggregator.__version__}\n", "")


@pytest.mark.parametrize(
    ("word", "said"),
    [("lnit", "did you mean lint?"), ("stauts", "did you mean status?"), ("deploy", "there is no command 'deploy'")],
)
def test_a_misspelt_command(word, said):
    code, _, err = typed(word)

    assert code == 2
    assert said in err


# --- what is imported: starting must cost nothing ---

HEAVY = ("airflow", "duckdb", "google.cloud", "great_expectations", "numpy", "pandas", "pyarrow")


def imported(arguments: list[str], names: tuple[str, ...]) -> list[str]:
    """Which of these packages a command imports, in a process of its own."""
    script = (
        "import sys\nfrom aggregator.cli import main\n"
        f"code = main({arguments!r})\n"
        f"print([name for name in {names!r} if name in sys.modules], code, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    found, _, code = done.stderr.strip().splitlines()[-1].rpartition(" ")
    assert code == "0", done.stderr
    return json.loads(found.replace("'", '"'))


def test_help_imports_nothing_heavy():
    assert imported(["--help"], (*HEAVY, "sqlglot", "rich", "jinja2", "yaml")) == []


def test_help_of_a_command_imports_nothing_heavy():
    assert imported(["lint", "--help"], (*HEAVY, "rich", "jinja2")) == []


@pytest.mark.parametrize("command", ["lint", "compile"])
def test_nothing_is_run_to_lint_and_compile(command):
    assert imported([command, "--project", str(ROOT)], (*HEAVY, "rich")) == []


def test_nothing_is_run_to_write_a_manifest(tmp_path):
    assert imported(["compile", "--project", str(ROOT), "--out", str(tmp_path)], HEAVY) == []


def test_nothing_is_parsed_or_made_ready_to_find_that_nothing_is_to_be_done(make_project):
    files = {"models/marts/one.sql": model("SELECT 1 AS one")}
    run = ["run", "--quiet", "--project", str(make_project(files))]
    names = ("aggregator.checks", "aggregator.run.build", "sqlglot")
    first = imported(run, names)

    assert (first, imported(run, names)) == ([*names], [])


def test_the_file_formats_are_not_loaded_where_nothing_changed(make_project):
    lint = ["lint", "--project", str(make_project({"models/marts/one.sql": model("SELECT 1 AS one")}))]
    heavy = ("sqlglot", "yaml", "multiprocessing", "aggregator.load.schema")
    first = imported(lint, heavy)

    assert ("yaml" in first, imported(lint, heavy)) == (True, [])


def test_jinja_is_for_projects_with_templates(make_project):
    assert imported(["lint", "--project", str(make_project(FILES))], ("jinja2",)) == []


# --- codes ---


def every_code() -> list[Code]:
    """The codes of all modules of the product, found by looking."""
    found = []
    for info in pkgutil.walk_packages(aggregator.__path__, "aggregator."):
        if info.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(info.name)
        except ModuleNotFoundError as error:  # what only some have, such as Airflow's provider of OpenLineage
            if str(error.name).startswith("aggregator"):
                raise
            continue
        for value in vars(module).values():
            code = value if isinstance(value, Code) else getattr(value, "code", None)
            found += [code] if isinstance(code, Code) else []
    return list({id(code): code for code in found}.values())


def test_codes_and_their_names_are_unique():
    codes = every_code()

    assert len(codes) > 35
    assert len({code.id for code in codes}) == len(codes)
    assert len({code.name for code in codes}) == len(codes)


@pytest.mark.parametrize("code", sorted(every_code(), key=lambda code: code.id), ids=lambda code: code.id)
def test_every_code_has_a_page(code):
    exit_code, out, err = typed("explain", code.id.lower())

    assert (exit_code, err) == (0, "")
    assert out.startswith(f"{code.id} {code.name}\n\n{code.page}\n")
    assert re.fullmatch(r"[ADELRT][0-9]{3}", code.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.name)
    assert code.page.strip() == code.page
    assert code.page.split("\n\n")[0].endswith(".")
    assert code.layer in Layer


def test_explain_knows_the_codes_of_all_stages():
    assert sorted(all_codes()) == sorted(code.id for code in every_code())


def test_a_page_of_a_lint_rule_shows_its_examples():
    _, out, _ = typed("explain", "L001")

    assert "Not so:" in out
    assert "CURRENT_DATE()" in out.partition("Not so:")[2].partition("But so:")[0]
    assert "@end" in out.partition("But so:")[2]


def test_a_code_that_is_not_there(make_project):
    code, _, err = typed("explain", "A2041", "--project", str(make_project(FILES)))

    assert (code, "did you mean A204?" in err) == (2, True)


# --- docs ---


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert re.search(rf"\baggregator {command}\b|`{command}[ `]", text)
