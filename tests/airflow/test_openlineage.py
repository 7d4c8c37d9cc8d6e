"""What a task read and wrote, as OpenLineage's provider for Airflow hears it; without the provider, nothing is said."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from lab import daily, load_graph, model, source, write_files

DAYS = daily("day", "2024-01-01")
FILES = {
    "aggregator.yml": "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n",
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=DAYS, local="facts.csv"),
    "models/marts/sums.sql": model(
        "SELECT day, SUM(n) AS total FROM lake.facts GROUP BY day",
        partition=DAYS,
        schedule="daily",
        export={"to": "gs://files/out/{model}/{partition}/*.csv", "format": "csv"},
    ),
}
HAS_PROVIDER = importlib.util.find_spec("openlineage") is not None

RUN = """
import sys
from datetime import UTC, datetime
from airflow.dag_processing.dagbag import DagBag

dags = DagBag(sys.argv[1]).dags
for name, day in (("marts_daily", 3), ("aggregator_repair", 4)):
    ran = dags[sys.argv[2] + name].test(logical_date=datetime(2024, 1, day, 0, 30, tzinfo=UTC))
    assert ran.state == "success"
"""


@pytest.fixture
def project(scheduled, tmp_path):
    return scheduled(write_files(tmp_path / "project", FILES))


@pytest.mark.skipif(not HAS_PROVIDER, reason="needs apache-airflow-providers-openlineage")
def test_an_event_has_inputs_outputs_columns_and_partitions(project):
    from openlineage.client.serde import Serde

    from aggregator.airflow.asked import asked_by
    from aggregator.airflow.lineage import Done
    from aggregator.airflow.work import at_work, build, unbuilt

    checks = [{"expect_column_values_to_be_between": {"column": "total", "max_value": 2}}]
    sums = model("SELECT day, SUM(n) AS total FROM lake.facts GROUP BY day", partition=DAYS, checks=checks)
    graph = load_graph(write_files(project.root, {"models/marts/sums.sql": sums}))
    builts = unbuilt(graph, graph.models)
    with at_work(graph, print) as engine:
        build(engine, graph, builts, asked_by({"from": "2024-01-01", "to": "2024-01-04"}, (None, None)), "run", print)
        places = {table: engine.place(table) for table in graph.calendars}
    found = Done(graph, places, builts, {}).lineage()

    read, written = (json.loads(Serde.to_json(each)) for each in (*found.inputs, *found.outputs))
    file = f"duckdb://{project.root / 'local.duckdb'}"
    assert (read["namespace"], read["name"]) == (file, "lake.facts")
    assert (written["namespace"], written["name"]) == (file, "marts.sums")
    # The third day breaks its promise, and is not published.
    days = [{"dimensions": {"day": day}, "identifier": day} for day in ("2024-01-01", "2024-01-02")]
    assert read["inputFacets"]["subset"]["inputCondition"]["partitions"] == days
    assert written["outputFacets"]["subset"]["outputCondition"]["partitions"] == days
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert [each["name"] for each in written["facets"]["schema"]["fields"]] == ["day", "total"]
    total = written["facets"]["columnLineage"]["fields"]["total"]["inputFields"]
    assert [(each["name"], each["field"]) for each in total] == [("lake.facts", "n")]
    assert written["facets"]["ownership"]["owners"][0]["name"] == "a@example.com"


@pytest.mark.skipif(not HAS_PROVIDER, reason="needs apache-airflow-providers-openlineage")
def test_the_provider_hears_of_a_task_that_was_run(project, tmp_path):
    events = tmp_path / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    # In a process of its own: Airflow asks once whether anybody is to hear of tasks.
    environ = {**os.environ, "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}
    command = [sys.executable, "-c", RUN, str(project.file), project.prefix]
    subprocess.run(command, env=environ, check=True, capture_output=True)

    tables, files = ("lake.facts", "marts.sums"), ("marts.sums", "out/marts.sums")
    assert heard(events, ".marts.sums") == (*tables, ["2024-01-02"])
    assert heard(events, ".export.marts.sums") == (*files, ["2024-01-02"])
    read, written, partitions = heard(events, ".repair")
    assert ((read, written), "2024-01-01" in partitions, "2024-01-02" in partitions) == (tables, True, False)


def heard(events, job):
    """The one input and output of which the end of a task told, and the partitions that were written."""
    (event,) = (
        each
        for each in map(json.loads, events.read_text().splitlines())
        if each["eventType"] == "COMPLETE" and each["job"]["name"].endswith(f"daily{job}" if "marts" in job else job)
    )
    (read,), (written,) = event["inputs"], event["outputs"]
    partitions = written["outputFacets"]["subset"]["outputCondition"]["partitions"]
    return read["name"], written["name"], [each["identifier"] for each in partitions]


def test_a_task_says_nothing_before_it_has_run(project):
    task = project.dags()["marts_daily"].task_dict["marts.sums"]

    assert task.get_openlineage_facets_on_complete(None) is None
