"""A project on a warehouse that stands for BigQuery."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import HURRIED, Serving
from lab import write_files
from one_table import QUICK, graph_of
from warehouse_server import Warehouse, warehouse_of_events

from aggregator.core.graph import Graph
from aggregator.core.report import Report
from aggregator.engines.bigquery.engine import BigQueryEngine
from aggregator.engines.bigquery.pace import Paces
from aggregator.plan import make_plan
from aggregator.run import run_plan

ROOT = Path(__file__).resolve().parents[2]


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
