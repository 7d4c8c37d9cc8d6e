"""Models of the demo project, linted: what the tests of the rules share."""

from __future__ import annotations

import dataclasses
import functools
import re
import shutil
import tempfile
from pathlib import Path

from aggregator.compile import compile_project
from aggregator.core.diagnostics import Diagnostic, Document
from aggregator.core.names import TableName
from aggregator.core.project import Kind, Model, Project
from aggregator.lint import lint
from aggregator.load import load_project

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = TableName("marts", "example")


@functools.cache
def demo() -> Project:
    project = load_project(ROOT).project
    assert project is not None
    return project


def linted(sql: str, kind: Kind = Kind.TABLE, codes: str = "") -> list[str]:
    """The findings in a model of the demo project, as ``line:column code``.

    A SELECT alone is given the partitions of ``marts.daily_performance``; a file with front matter is taken as it is.
    With ``codes``, a regular expression, only the findings of a family of rules are looked at.
    """
    found = linted_file(sql) if sql.startswith("/*---") else linted_select(sql, kind)
    return [each for each in found if re.fullmatch(f".* {codes or '.*'}", each)]


def linted_select(sql: str, kind: Kind) -> list[str]:
    """The findings in a SELECT that takes the place of that of ``marts.daily_performance``."""
    first = example(sql, kind).document.text[: -len(sql)].count("\n")
    said = [found for found in diagnostics(sql, kind) if found.code.name != "no-key"]  # it was taken away
    return [f"{found.place.line - first}:{found.place.column} {found.code.id}" for found in said]


def diagnostics(sql: str, kind: Kind = Kind.TABLE) -> tuple[Diagnostic, ...]:
    """The findings in the demo project with a model of one's own."""
    models = {name: demo().models[name] for name in _read_by(sql)} | {EXAMPLE: example(sql, kind)}
    return compile_project(dataclasses.replace(demo(), models=models), lint).diagnostics


def example(sql: str, kind: Kind = Kind.TABLE) -> Model:
    """A model with the front matter of ``marts.daily_performance``, as far as it fits a SELECT."""
    daily = demo().models[TableName("marts", "daily_performance")]
    document = Document("models/marts/example.sql", daily.document.text[: daily.sql_start] + "\n" + sql)
    partition = daily.partition if kind is Kind.TABLE and "flight_date" in sql else None
    model = dataclasses.replace(daily, name=EXAMPLE, document=document, kind=kind, partition=partition)
    return dataclasses.replace(model, key=(), cluster=(), checks=(), columns=())


def linted_file(text: str) -> list[str]:
    """The findings in a file of the demo project, as ``line:column code``; lines count from that of the SELECT."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "aggregator.yml", root)
        shutil.copytree(ROOT / "macros", root / "macros")
        sources = [source.document.path for source in demo().sources.values()]
        for path in [*sources, *(demo().models[name].document.path for name in _read_by(text))]:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
        (root / "models" / "marts").mkdir(exist_ok=True)
        (root / "models" / "marts" / "example.sql").write_text(text, encoding="utf-8")
        loaded = load_project(root)
    assert loaded.project is not None
    found = (*loaded.diagnostics, *compile_project(loaded.project, lint).diagnostics)
    first = text[: text.index("---*/")].count("\n") + 1
    return [f"{each.place.line - first}:{each.place.column} {each.code.id}" for each in found]


def _read_by(sql: str) -> set[TableName]:
    """The models of the demo project that a SELECT mentions, and those that they read: the others need no compiling."""
    found: set[TableName] = set()
    waiting = [sql]
    while waiting:
        text = waiting.pop()
        for name, model in demo().models.items():
            if str(name) in text and name not in found:
                found.add(name)
                waiting.append(model.document.text)
    return found
