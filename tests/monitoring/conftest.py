"""Small projects that are watched, and those who listen."""

from __future__ import annotations

import dataclasses
import json

import pytest
from lab import daily, graph_of, model, source, write_files
from listening import Datagrams, Mailbox, Requests

from aggregator.core.monitoring import Monitoring

SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"


@pytest.fixture(autouse=True)
def _only_the_loopback(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    for name in ("DD_AGENT_HOST", "DD_DOGSTATSD_PORT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)


def _listener(kind):
    @pytest.fixture
    def listener():
        made = kind()
        yield made
        made.close()

    return listener


datagrams, requests, mailbox = _listener(Datagrams), _listener(Requests), _listener(Mailbox)


@pytest.fixture
def watched(tmp_path):
    """Write a project of three tables, one after the other; the checks of the second fail on 2024-01-02."""

    def make(**monitoring):
        said = {"environments": ["local"], **monitoring}
        days = {"partition": daily("day", "2024-01-01"), "schedule": "daily"}
        files = {
            "aggregator.yml": json.dumps(
                {
                    "project": "test",
                    "environments": {
                        "local": {"engine": "duckdb", "path": "local.duckdb"},
                        "quiet": {"engine": "duckdb", "path": "quiet.duckdb"},
                    },
                    "default_environment": "local",
                    "monitoring": said,
                }
            ),
            "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,200\n",
            "models/lake/facts.yml": source(
                {"day": "DATE", "n": "INT64"},
                partition=daily("day", "2024-01-01", "2024-01-03"),
                local="facts.csv",
                freshness={"warn_after": "2 days"},
                owner="lake@example.com",
            ),
            "models/staging/sums.sql": model(
                SUM.format("lake.facts"), owner="Team One", tags=["tier:1", "core"], **days
            ),
            "models/marts/checked.sql": model(
                SUM.format("staging.sums"),
                owner="marts@example.com",
                runbook="https://wiki.example.com/{model}",
                checks=[
                    {"expect_column_values_to_be_between": {"column": "n", "max_value": 9}},
                    {"expect_column_values_to_be_between": {"column": "n", "max_value": 99, "severity": "warn"}},
                ],
                **days,
            ),
            "models/marts/after.sql": model(SUM.format("marts.checked"), owner="after@example.com", **days),
        }
        return write_files(tmp_path / "project", files)

    return make


@pytest.fixture
def zoo_of_one(tmp_path):
    """The graph of one model, watched."""

    def make(price_per_tib=None, **monitoring):
        graph = graph_of(tmp_path / "one", {"models/marts/one.sql": model("SELECT 1 AS n", owner="a@example.com")})
        environment = dataclasses.replace(graph.project.environment, price_per_tib=price_per_tib)
        project = dataclasses.replace(graph.project, environment=environment, monitoring=Monitoring(**monitoring))
        return dataclasses.replace(graph, project=project)

    return make
