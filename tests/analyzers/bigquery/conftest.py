"""A server that stands for BigQuery, and those who ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from api_server import HURRIED, BigQuery, Serving

from aggregator.analyzers.bigquery.analyzer import BigQueryAnalyzer
from aggregator.cli import main
from aggregator.core.diagnostics import Place
from aggregator.core.project import Environment
from aggregator.engines.bigquery.connection import Patience


@pytest.fixture
def bigquery(monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQuery]:
    with Serving() as known:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", known.url)
        yield known


@pytest.fixture
def make_environment() -> Callable[..., Environment]:
    def make(name: str = "prod", **more: str) -> Environment:
        declared = {"engine": "bigquery", "project": "acme", "location": "EU", **more}
        return Environment(name, place=Place("aggregator.yml"), **declared)

    return make


@pytest.fixture
def make_analyzer(make_environment) -> Iterator[Callable[..., BigQueryAnalyzer]]:
    made = []

    def make(environment: Environment | None = None, patience: Patience = HURRIED, **more) -> BigQueryAnalyzer:
        made.append(BigQueryAnalyzer(environment or make_environment(), patience=patience, **more))
        return made[-1]

    yield make
    for analyzer in made:
        analyzer.close()


@pytest.fixture
def aggregator_main(capsys: pytest.CaptureFixture[str]) -> Callable[..., SimpleNamespace]:
    """Run what a user types after ``aggregator``."""

    def run(*arguments: str) -> SimpleNamespace:
        code = main(list(arguments))
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return run
