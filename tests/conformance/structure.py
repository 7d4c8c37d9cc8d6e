"""What the structural layer, which is the compile stage, finds in a case."""

from __future__ import annotations

import dataclasses
import functools
import json
import tempfile
from collections.abc import Collection
from pathlib import Path

import corpus

from aggregator.compile import codes, compile_project
from aggregator.core.diagnostics import Diagnostic, Document, errors
from aggregator.core.names import TableName
from aggregator.core.project import Project
from aggregator.load import load_project

_PROJECT = """\
project: shop
environments:
  local: {engine: duckdb, path: shop.duckdb}
default_environment: local
"""
_MODEL = TableName("marts", "model")
_FRONT_MATTER = "/*---\ndescription: A model.\nowner: a@example.com\n{}---*/\n"
_PARTITION = "partition: {by: day, grain: day, from: 2024-01-01}\n"
_BOUNDS = ("@start", "@end")

OF_PROJECTS = frozenset(
    each.id
    for each in (codes.OUTPUT_NAME, codes.PARAMETER, codes.TABLE_CLAUSE, codes.MISSING_COLUMN, codes.NOT_ONE_SELECT)
)
"""Codes of what a model may not do and a query may."""


def why_left_out(case: corpus.Case) -> str:
    """Why a case can't be a model; empty if it can."""
    sql = case.sql.casefold()
    if any(word in sql for word in corpus.ROUTINES):
        return "routines"
    if case.file == "parameters" or any(f"@{name}" in sql for name in ("currency", "codes", "@")):
        return "parameters"
    if "information_schema" in sql:
        return "views of the warehouse"
    return ""


def findings(case: corpus.Case) -> Collection[Diagnostic]:
    """The errors in a case, without what is only against the rules of a project."""
    project = _project(any(bound in case.sql for bound in _BOUNDS))
    model = project.models[_MODEL]
    text = model.document.text[: model.sql_start] + "\n" + case.sql
    model = dataclasses.replace(model, document=Document(model.document.path, text))
    compiled = compile_project(dataclasses.replace(project, models={_MODEL: model}))
    return [each for each in errors(compiled.diagnostics) if each.code.id not in OF_PROJECTS]


def _cut(name: str) -> dict[str, object]:
    """What makes a source have pseudo-columns."""
    if name.endswith("*"):
        return {"shards": {"from": "2024-01-01"}}
    by_arrival = {"by": "_PARTITIONTIME", "grain": "day", "from": "2024-01-01"}
    return {"partition": by_arrival} if name in corpus.schema()["pseudo_columns"] else {}


@functools.cache
def _project(is_partitioned: bool) -> Project:
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "aggregator.yml": _PROJECT,
            "models/marts/model.sql": _FRONT_MATTER.format(_PARTITION * is_partitioned) + "SELECT 1 AS x",
        }
        for name, columns in corpus.schema()["tables"].items():
            declared = {"description": "A source.", "owner": "a@example.com", "columns": columns, **_cut(name)}
            files[f"models/shop/{name.removesuffix('*')}.yml"] = f"source: {json.dumps(declared)}\n"
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        loaded = load_project(Path(folder))
    assert loaded.project is not None, loaded.diagnostics
    assert not loaded.diagnostics
    return loaded.project
