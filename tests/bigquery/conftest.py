"""A project on a warehouse that stands for BigQuery."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import HURRIED, Serving
from lab import daily, model, source, write_files
from warehouse_server import Warehouse, warehouse_of_events

from aggregator.compile import compile_project
from aggregator.core.graph import Graph
from aggregator.core.report import Report
from aggregator.engines.bigquery.engine import BigQueryEngine
from aggregator.engines.bigquery.leases import Terms
from aggregator.engines.bigquery.pace import Paces
from aggregator.load import load_project
from aggregator.plan import make_plan
from aggregator.run import run_plan

ROOT = Path(__file__).resolve().parents[2]
PROJECT_FILE = """\
project: test
time_zone: UTC
environments:
  prod: {engine: bigquery, project: acme, location: EU, price_per_tib: 6.25}
  dev: {engine: bigquery, project: acme, location: EU, datasets: "dev_{user}_{dataset}", read_from: prod}
default_environment: prod
"""
QUICK = Terms(length=5.0, renewal=0.2, look=0.02)


class NoPaces(Paces):
    """Tests do not wait for BigQuery's limits."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)

    def update(self, address: Any) -> None:
        pass

    def metadata(self, address: Any) -> None:
        pass


class _Silent:
    def begin(self, partitions: int) -> None:
        pass

    def advance(self, result: Any) -> None:
        pass


def files(start: str, end: str, *, key: bool = True, sql: str = "", **front: Any) -> dict[str, str]:
    """A table of events, and how many there are of each day; without a key, nobody looks at the rows."""
    declared = {"partition": daily("day", start, end), **({"key": ["day", "part"]} if key else {}), **front}
    query = sql or "SELECT day, part, COUNT(*) AS stamp FROM lake.events GROUP BY day, part"
    columns = {"day": "DATE", "part": "INT64"}
    return {
        "aggregator.yml": PROJECT_FILE,
        "models/lake/events.yml": source(columns, partition=daily("day", start, end)),
        "models/marts/daily.sql": model(query, **declared),
    }


ONE_BY_ONE = "SELECT day, part, COUNT(*) AS stamp FROM lake.events GROUP BY day, part LIMIT 1000000"


def graph_of(root: Path, environment: str | None = None) -> Graph:
    loaded = load_project(root, environment)
    compiled = compile_project(loaded.project)
    assert not [each for each in (*loaded.diagnostics, *compiled.diagnostics) if each.is_error]
    return compiled.graph


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    known = warehouse_of_events()
    with Serving(known):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", known.url)
        monkeypatch.setenv("LOGNAME", "ann")
        yield known


@pytest.fixture
def make_engine() -> Iterator[Callable[..., Any]]:
    """An engine on a project's files, closed at the end."""

    @contextlib.contextmanager
    def make(graph: Graph, **more: Any) -> Iterator[BigQueryEngine]:
        given = {"wait": 5.0, "say": lambda _: None, "patience": HURRIED, "terms": QUICK, "paces": NoPaces(), **more}
        engine = BigQueryEngine(graph, **given)
        try:
            yield engine
        finally:
            engine.close()

    return make


@pytest.fixture
def build(tmp_path: Path, make_engine: Callable[..., Any]) -> Callable[..., Report]:
    """Build what is stale of a project."""

    def run(given: dict[str, str], environment: str | None = None, *, full: bool = False, **more: Any) -> Report:
        graph = graph_of(write_files(tmp_path / "project", given), environment)
        with make_engine(graph, **more) as engine:
            snapshot = engine.snapshot()
            plan = make_plan(graph, snapshot, selected=list(graph.models), interval=(None, None), full=full)
            return run_plan(plan, graph, engine, snapshot.ledger, run_id="r1", progress=_Silent())

    return run


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command line on a project, in a process of its own."""

    def run(given: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
        root = write_files(tmp_path / "project", given)
        command = [sys.executable, "-m", "aggregator", *arguments, "--project", str(root), "--quiet"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=environment, text=True, **pipes)

    return run


def stamps(warehouse: Warehouse, table: str = "acme.marts.daily") -> dict[str, list[int]]:
    """Which execution the rows of each partition are of."""
    return {id_: [row["stamp"] for row in rows] for id_, rows in warehouse.rows_of(table).items()}


def assert_whole(warehouse: Warehouse, partitions: int, table: str = "acme.marts.daily") -> None:
    """Each partition has the rows of one execution, all of them, and the ledger knows no others."""
    found = stamps(warehouse, table)

    assert len(found) == partitions
    assert {len(each) for each in found.values()} == {3}
    assert all(len(set(each)) == 1 for each in found.values())


def successes(warehouse: Warehouse) -> dict[str, int]:
    """How often the ledger says of each partition that it was built."""
    counted: dict[str, int] = {}
    for row in warehouse.ledger:
        if row["outcome"] != "failed":
            counted[row["partition"]] = counted.get(row["partition"], 0) + 1
    return counted


def as_json(text: str) -> Any:
    return json.loads(text)
