"""Alerts reach a webhook, with the cause and the next command; one that can't be delivered stops nothing."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from lab import daily, model, source, write_files

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
    """A server that keeps what is posted to it, and a connection of Airflow that leads to it."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connection = {
        "conn_type": "slackwebhook",
        "host": f"http://127.0.0.1:{server.server_port}/services",
        "password": "T/B",
    }
    monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps(connection))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield posted
    server.shutdown()
    thread.join()
    server.server_close()


def test_there_is_one_message_for_a_cause(webhook, scheduled, tmp_path):
    root = write_files(tmp_path / "project", FILES)

    ran = scheduled(root).run("marts_daily", "2024-01-02T12:00")

    assert ran.tasks["marts.after"] == "upstream_failed"
    ((path, body),) = webhook
    assert path == "/services/T/B"
    for part in (
        "marts_daily: marts.sums failed",
        "marts.sums@2024-01-01: n is not between -inf and 9 in 1 rows",
        "next: mend the cause, then clear this task",
        "owner: team@example.com",
    ):
        assert part in body["text"]
