"""Several models over the sources of the demo project, linted together."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from linted import ROOT, demo

from aggregator.compile import Compiled, compile_project
from aggregator.core.diagnostics import Diagnostic
from aggregator.lint import lint
from aggregator.load import load_project

DAYS = "partition: {by: flight_date, grain: day, from: 2013-01-01}\n"
_FRONT_MATTER = "description: An example.\nowner: me@example.com\n"


def model(sql: str, more: str = DAYS) -> str:
    """A model's file: a SELECT, and what is said of it."""
    return f"/*---\n{_FRONT_MATTER}{more}---*/\n{sql}\n"


def rolled_up(rollup: str) -> str:
    """The file of a roll-up."""
    return f"{_FRONT_MATTER}rollup: {rollup}\n"


def compiled(files: Mapping[str, str]) -> Compiled:
    """Models of one's own, by name: ``days`` is ``marts.days``. What they read of the demo project is there, too."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "aggregator.yml", root)
        shutil.copytree(ROOT / "macros", root / "macros")
        paths = [source.document.path for source in demo().sources.values()]
        paths += [each.document.path for name, each in demo().models.items() if name.dataset != "marts"]
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
        (root / "models" / "marts").mkdir(exist_ok=True)
        for name, text in files.items():
            ending = "sql" if text.startswith("/*---") else "yml"
            (root / "models" / "marts" / f"{name}.{ending}").write_text(text, encoding="utf-8")
        loaded = load_project(root)
    assert loaded.project is not None, loaded.diagnostics
    assert not loaded.diagnostics, loaded.diagnostics
    return compile_project(loaded.project, lint)


def findings(files: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """What there is to say of them."""
    return compiled(files).diagnostics


def told(files: Mapping[str, str]) -> list[str]:
    """The findings as ``model code``, in order."""
    return [f"{Path(each.place.path).stem} {each.code.id}" for each in findings(files)]
