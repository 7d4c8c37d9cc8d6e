"""A lake of a few sources, as files, and one model over it."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import textwrap
from pathlib import Path

from aggregator.compile import compile_project
from aggregator.core.diagnostics import Document
from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.core.project import Project
from aggregator.load import load_project

DAILY = "{by: flight_date, grain: day, from: 2013-01-01}"
MODEL = TableName("marts", "model")

PROJECT = """
project: lake
time_zone: America/New_York
environments:
  local: {engine: duckdb, path: x.duckdb}
default_environment: local
variables: {minutes: 15}
"""


def source(columns: str, partition: str = "") -> str:
    listed = "".join(f"    {column}\n" for column in columns.split("; "))
    cut = f"  partition: {partition}\n" if partition else ""
    return f"source:\n  description: A table.\n  owner: ops@example.com\n  columns:\n{listed}{cut}"


LAKE = {
    "aggregator.yml": PROJECT,
    "models/lake/flights.yml": source(
        "flight_date: DATE; time_hour: TIMESTAMP; carrier: STRING; dest: STRING; n: INT64; other_date: DATE; "
        'delay: FLOAT64; price: NUMERIC; cancelled: BOOL; legs: "ARRAY<STRUCT<airport STRING, minutes INT64>>"',
        DAILY,
    ),
    "models/lake/weather.yml": source(
        "observed: DATE; carrier: STRING; temp: INT64", "{by: observed, grain: day, from: 2013-01-01}"
    ),
    "models/lake/months.yml": source(
        "month: DATE; carrier: STRING; n: INT64", "{by: month, grain: month, from: 2013-01-01}"
    ),
    "models/lake/elsewhere.yml": source(
        "day: DATE; carrier: STRING; n: INT64", "{by: day, grain: day, from: 2013-01-01, zone: Asia/Tokyo}"
    ),
    "models/lake/events.yml": source(
        "ts: TIMESTAMP; carrier: STRING; n: INT64", "{by: ts, grain: day, from: 2013-01-01}"
    ),
    "models/lake/local_events.yml": source(
        "moment: DATETIME; carrier: STRING; n: INT64", "{by: moment, grain: hour, from: 2013-01-01}"
    ),
    "models/lake/utc_events.yml": source(
        "moment: DATETIME; carrier: STRING; n: INT64", "{by: moment, grain: hour, from: 2013-01-01, zone: UTC}"
    ),
    "models/lake/airlines.yml": source("carrier: STRING; name: STRING; since: DATE; Hub: STRING"),
}


def model_file(sql: str, partition: str = DAILY, more: str = "") -> str:
    cut = f"partition: {partition}\n" if partition else ""
    extra = textwrap.dedent(more).strip("\n")
    front_matter = f"description: A model.\nowner: ops@example.com\n{cut}{extra}".rstrip()
    return f"/*---\n{front_matter}\n---*/\n{sql}\n"


def write_files(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root


@functools.cache
def _loaded() -> Project:
    with tempfile.TemporaryDirectory() as folder:
        files = {**LAKE, "models/marts/model.sql": model_file("SELECT flight_date FROM lake.flights")}
        project = load_project(write_files(Path(folder), files)).project
    assert project is not None
    return project


def compile_quickly(sql: str) -> CompiledModel:
    """Compile a SELECT as a daily model, without files: for thousands of them."""
    project = _loaded()
    model = project.models[MODEL]
    text = model.document.text[: model.sql_start] + "\n" + sql
    model = dataclasses.replace(model, document=Document(model.document.path, text))
    compiled = compile_project(dataclasses.replace(project, models={MODEL: model}))
    assert not compiled.diagnostics, (sql, compiled.diagnostics)
    return compiled.graph.models[MODEL]
