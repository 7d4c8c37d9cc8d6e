"""A small project whose models can be tested, and tests of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = """
project: test
time_zone: America/New_York
environments:
  local: {engine: duckdb, path: .aggregator/local.duckdb}
default_environment: local
variables: {late: 15}
"""
FLIGHTS = """
source:
  description: Flights.
  owner: x@example.com
  columns:
    day: DATE
    carrier: STRING
    delay: INT64
    share: FLOAT64
    price: NUMERIC
    moment: TIMESTAMP
    tags: ARRAY<STRING>
    place: STRUCT<code STRING, gates INT64>
    more: JSON
    shape: GEOGRAPHY
    span: RANGE<DATE>
  partition: {by: day, grain: day, from: 2013-01-01, to: 2014-01-01}
"""
HEAD = "description: x\nowner: x@example.com\npartition: {by: day, grain: day, from: 2013-01-01}\nkey: [day, carrier]\n"
DAILY = (
    f"/*---\n{HEAD}---*/\n"
    "SELECT day, carrier, COUNT(*) AS flights, COUNTIF(delay > {{ vars.late }}) AS late, AVG(delay) AS mean,\n"
    "  SUM(price) AS price, MAX(moment) AS moment\nFROM lake.flights GROUP BY day, carrier\n"
)


@pytest.fixture
def airline(make_project: Callable[..., Path]) -> Callable[..., Path]:
    """A project with a model, ``marts.daily``, another one if given, and unit tests by model and case."""

    def make(tests: dict[str, str], **models: str) -> Path:
        files: dict[str, str] = {"aggregator.yml": PROJECT, "models/lake/flights.yml": FLIGHTS}
        files["models/marts/daily.sql"] = DAILY
        for name, sql in models.items():
            files[f"models/marts/{name}.sql"] = sql if sql.startswith("/*") else f"/*---\n{HEAD}---*/\n{sql}"
        for name, text in tests.items():
            path = name if name.startswith("tests/") else f"tests/models/marts/{name}.yml"
            files[path] = textwrap.dedent(text).lstrip("\n")
        return make_project(files)

    return make


@pytest.fixture
def tested(airline: Callable[..., Path], aggregator: Callable[..., Any]) -> Callable[..., Any]:
    """Run one test of ``marts.daily``, or of the model that is given."""

    def run(text: str, *arguments: str, sql: str = "") -> Any:
        models = {"other": sql} if sql else {}
        root = airline({f"{'other' if sql else 'daily'}/case": text}, **models)
        return aggregator(root, "test", "--quiet", "--only", "unit", *arguments)

    return run
