"""One model whose promises are to be looked at."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aggregator.compile import compile_project
from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.load import load_project

FILES = {
    "aggregator.yml": """\
project: checks
environments:
  local: {engine: duckdb, path: x.duckdb}
default_environment: local
""",
    "models/lake/flights.yml": """\
source:
  description: Flights.
  owner: ops@example.com
  columns: {flight_date: DATE, carrier: STRING, delay: FLOAT64}
  partition: {by: flight_date, grain: day, from: 2013-01-01}
""",
}


def compiled(declared: str) -> CompiledModel:
    """A model with these promises; they begin on line 5 of its file."""
    sql = "SELECT flight_date, carrier, COUNT(*) AS flights, AVG(delay) AS rate FROM lake.flights GROUP BY 1, 2"
    head = "/*---\ndescription: Flights per day.\nowner: ops@example.com\n"
    cut = "partition: {by: flight_date, grain: day, from: 2013-01-01}\n"
    files = {**FILES, "models/marts/daily.sql": f"{head}{cut}{declared}\n---*/\n{sql}\n"}
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        loaded = load_project(Path(folder))
    assert loaded.project is not None
    assert not loaded.diagnostics
    return compile_project(loaded.project).graph.models[TableName("marts", "daily")]
