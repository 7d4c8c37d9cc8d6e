"""What goes on beside building: published rows are exported, and broken promises of freshness are seen."""

from __future__ import annotations

import json

import pytest
from lab import Lab, daily, load_graph, model, source, write_files

from aggregator.export.manifest.file import content_hash

DAYS = daily("day", "2024-01-01", "2024-01-04")
SUM = "SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day"
FILES = {
    "aggregator.yml": "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n",
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01"), local="facts.csv"
    ),
    "models/marts/sums.sql": model(
        SUM, partition=DAYS, schedule="daily", export={"to": "gs://files/{model}/{partition}/*.csv", "format": "csv"}
    ),
    "models/marts/late.sql": model(
        SUM, partition=daily("day", "2024-01-01"), freshness={"error_after": "26h"}, owner="late@example.com"
    ),
    "models/marts/done.sql": model(SUM, partition=DAYS, freshness={"error_after": "26h"}, owner="done@example.com"),
}


@pytest.fixture
def project(scheduled, tmp_path):
    return scheduled(write_files(tmp_path / "project", FILES))


def test_rows_are_exported_after_they_were_built(project):
    first = project.run("marts_daily", "2024-01-03T00:30")
    again = project.run("marts_daily", "2024-01-03T00:30")

    assert first.tasks == dict.fromkeys(("wait.lake.facts", "marts.sums", "export.marts.sums"), "success")
    assert (first.xcoms["export.marts.sums"], again.xcoms["export.marts.sums"]) == ({"marts.sums": 1}, {})
    (done,) = project.root.rglob("_SUCCESS")
    assert "2,2" in "".join(path.read_text() for path in done.parent.glob("*.csv"))


def test_an_export_that_is_not_allowed_fails_alone(project, capfd):
    content = json.loads(project.manifest.read_text())
    content["environment"]["exports"] = ["gs://elsewhere"]
    project.manifest.write_text(json.dumps({**content, "hash": content_hash(content)}))

    ran = project.run("marts_daily", "2024-01-03T00:30")

    assert (ran.tasks["marts.sums"], ran.tasks["export.marts.sums"]) == ("success", "failed")
    assert "may not export to gs://files/" in capfd.readouterr().out


def test_each_owner_sees_which_tables_are_late(project, capfd):
    project.run("marts_unscheduled", "2024-01-05T00:30", **{"from": "2024-01-01", "to": "2024-01-04"})

    ran = project.run("aggregator_freshness", "2024-02-01T00:30")

    owners = {task.task_id: task.owner for task in project.dags()["aggregator_freshness"].tasks}
    states = {owners[task]: state for task, state in ran.tasks.items()}
    assert states == {"late@example.com": "failed", "done@example.com": "success"}
    said = capfd.readouterr().out
    assert "marts.late: error, promised" in said
    assert "newest 2024-01-03" in said
    table = Lab(load_graph(project.root)).query("SELECT table_name, state FROM _aggregator.freshness ORDER BY 1")
    assert dict(table) == {"marts.done": "fresh", "marts.late": "error"}


def test_nothing_is_looked_at_where_nothing_is_promised(scheduled, tmp_path):
    files = {path: text for path, text in FILES.items() if "late" not in path and "done" not in path}

    dags = scheduled(write_files(tmp_path / "project", files)).dags()

    assert set(dags) == {"marts_daily", "aggregator_repair", "aggregator_rollback"}
