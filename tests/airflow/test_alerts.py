"""Alerts reach a webhook, with the cause and the next command; metrics reach who listens; neither stops anything."""

from __future__ import annotations

import json

import pytest
from lab import daily, model, source, write_files
from listening import Datagrams, Requests

PROJECT = "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\ndefault_environment: local\n"
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
FILES = {
    "aggregator.yml": PROJECT,
    "facts.csv": "day,n\n2024-01-01,100\n",
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01"), local="facts.csv"
    ),
    "models/marts/sums.sql": model(
        SUM.format("lake.facts"),
        partition=daily("day", "2024-01-01"),
        schedule="daily",
        owner="team@example.com",
        alerts=["nowhere", "hook"],
        checks=[{"expect_column_values_to_be_between": {"column": "n", "max_value": 9}}],
    ),
    "models/marts/after.sql": model(
        SUM.format("marts.sums"), partition=daily("day", "2024-01-01"), schedule="daily", alerts=["hook"]
    ),
}


@pytest.fixture
def webhook(monkeypatch):
    """A connection of Airflow that leads to a server which keeps what is posted to it."""
    server = Requests()
    connection = {"conn_type": "slackwebhook", "host": f"{server.url}/services", "password": "T/B"}
    monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps(connection))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.close()


def test_there_is_one_message_for_a_cause(webhook, scheduled, tmp_path):
    root = write_files(tmp_path / "project", FILES)

    ran = scheduled(root).run("marts_daily", "2024-01-02T12:00")

    assert ran.tasks["marts.after"] == "upstream_failed"
    (text,) = webhook.texts()
    assert webhook.posted[0][0] == "/services/T/B"
    for part in (
        "marts_daily: marts.sums failed",
        "marts.sums@2024-01-01: n is not between -inf and 9 in 1 rows",
        "next: mend the cause, then clear this task",
        "owner: team@example.com",
    ):
        assert part in text


@pytest.mark.parametrize("grouped", [False, True])
def test_tasks_are_measured_as_runs_are(grouped, webhook, scheduled, tmp_path):
    listener = Datagrams()
    group = "group: true\nschedule" if grouped else "schedule"
    watched = {path: text.replace("schedule", group) for path, text in FILES.items()}
    watched["aggregator.yml"] += f"monitoring: {{environments: [local], dogstatsd: '{listener.address}'}}\n"
    watched["models/marts/after.sql"] = watched["models/marts/after.sql"].replace("a@example.com", "b@example.com")
    root = write_files(tmp_path / "project", watched)

    scheduled(root).run("marts_daily", "2024-01-02T12:00")

    lines = b"\n".join(listener.received()).decode().split("\n")
    listener.close()
    tags = "env:local,model:marts.sums,owner:team_example.com,project:test"
    assert f"agg.partition.runs:1|c|#{tags},status:failed" in lines
    assert f"agg.check.failures:1|c|#{tags},severity:error" in lines
    assert f"agg.partitions.failed:1|g|#{tags}" in lines
    (text,) = webhook.texts()
    assert ("not built because of it: marts.after of b@example.com" in text) is grouped
