"""Workers do what a manifest says without reading SQL: the parser is a second of each task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime

import pytest
from api_server import Serving
from lab import Lab, daily, load_graph, model, source, write_files
from warehouse_server import warehouse_of_events

from aggregator.export.manifest.file import content_hash

DAYS = daily("day", "2024-01-01", "2024-01-03")
QUERY = "SELECT day, part, COUNT(*) AS stamp FROM lake.events AS e WHERE e.part >= 0 GROUP BY day, part"
FILES = {
    "aggregator.yml": "project: test\nenvironments: {prod: {engine: bigquery, project: acme, location: EU}}\n"
    "default_environment: prod\n",
    "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=DAYS),
    "models/marts/daily.sql": model(
        QUERY,
        partition=DAYS,
        key=["day", "part"],
        checks=[{"expect_column_values_to_be_between": {"column": "part", "max_value": 9}}],
    ),
    "models/marts/seen.sql": model("SELECT day, part FROM marts.daily", kind="view"),
}
WORKER = """
import sys
from aggregator.airflow.asked import asked_by
from aggregator.airflow.work import at_work, build, complaint, read_graph, unbuilt

graph = read_graph(sys.argv[1], sys.argv[2])
builts = unbuilt(graph, graph.models)
with at_work(graph, print) as engine:
    build(engine, graph, builts, asked_by({"from": "2024-01-01"}, (None, None)), "run", print)
assert not complaint(graph, list(builts.values()))
print(sum(built.counts.get("built", 0) for built in builts.values()), "sqlglot" in sys.modules)
"""


@pytest.fixture
def warehouse(monkeypatch):
    known = warehouse_of_events()
    known.stored["acme.lake.events"].put("20240101", [{"day": "2024-01-01", "part": 1}], known._now())
    with Serving(known):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", known.url)
        yield known


def worked(manifest, root="."):
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(manifest), str(root)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture
def manifest(aggregator, tmp_path):
    root = write_files(tmp_path / "project", FILES)
    aggregator(root, "compile", "--out", str(root / "manifest.json"))
    return root / "manifest.json"


def test_a_task_on_bigquery_builds_without_a_parser(airflow_home, warehouse, manifest):
    assert worked(manifest) == "3 False"

    (first, *_) = warehouse.posted_jobs("build")
    assert "FROM `acme`.`lake`.`events` WHERE" in first["configuration"]["query"]["query"]
    assert [len(rows) for rows in warehouse.rows_of("acme.marts.daily").values()] == [3, 3]


LOCAL = {
    **FILES,
    "aggregator.yml": "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "events.csv": "day,part\n2024-01-01,1\n2024-01-02,2\n2024-01-02,3\n",
    "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=DAYS, local="events.csv"),
    "models/marts/texts.sql": model(
        "SELECT day, FORMAT_DATE('%A', day) AS name, APPROX_COUNT_DISTINCT(part) AS parts, SUBSTR('abc', -2) AS end_"
        " FROM lake.events GROUP BY day",
        partition=DAYS,
    ),
}


def test_so_does_a_task_on_duckdb(airflow_home, aggregator, tmp_path):
    root = write_files(tmp_path / "project", LOCAL)
    aggregator(root, "compile", "--out", str(root / "manifest.json"))

    assert worked(root / "manifest.json", root) == "5 False"
    by_run = Lab.at(tmp_path / "by_run", load_graph(root))
    assert by_run.run(interval=(datetime.fromisoformat("2024-01-01"), None)).is_clean
    assert Lab(load_graph(root)).tables() == by_run.tables()


def test_a_manifest_that_does_not_say_where_tables_stand_is_read_with_one(airflow_home, warehouse, manifest):
    content = json.loads(manifest.read_text())
    for each in content["models"]:
        del each["mentions"]
    manifest.write_text(json.dumps({**content, "hash": content_hash(content)}))

    assert worked(manifest) == "3 True"
