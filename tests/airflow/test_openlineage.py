"""What a task read and wrote, as OpenLineage's provider for Airflow hears it; without the provider, nothing is said."""

from __future__ import annotations

import importlib.util
import json

import pytest
from lab import daily, load_graph, model, source, write_files

DAYS = daily("day", "2024-01-01")
FILES = {
    "aggregator.yml": "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n",
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=DAYS, local="facts.csv"),
    "models/marts/sums.sql": model(
        "SELECT day, SUM(n) AS total FROM lake.facts GROUP BY day", partition=DAYS, schedule="daily"
    ),
}
HAS_PROVIDER = importlib.util.find_spec("openlineage") is not None


@pytest.fixture
def project(scheduled, tmp_path):
    return scheduled(write_files(tmp_path / "project", FILES))


@pytest.mark.skipif(not HAS_PROVIDER, reason="needs apache-airflow-providers-openlineage")
def test_an_event_has_inputs_outputs_columns_and_partitions(project):
    from openlineage.client.serde import Serde

    from aggregator.airflow.asked import asked_by
    from aggregator.airflow.lineage import Done
    from aggregator.airflow.work import at_work, build, unbuilt

    graph = load_graph(project.root)
    builts = unbuilt(graph, graph.models)
    with at_work(graph, print) as engine:
        build(engine, graph, builts, asked_by({"from": "2024-01-01", "to": "2024-01-03"}, (None, None)), "run", print)
        places = {table: engine.place(table) for table in graph.calendars}
    found = Done(graph, builts, places).lineage()

    read, written = (json.loads(Serde.to_json(each)) for each in (*found.inputs, *found.outputs))
    file = f"duckdb://{project.root / 'local.duckdb'}"
    assert (read["namespace"], read["name"]) == (file, "lake.facts")
    assert (written["namespace"], written["name"]) == (file, "marts.sums")
    days = [{"dimensions": {"day": day}, "identifier": day} for day in ("2024-01-01", "2024-01-02")]
    assert read["inputFacets"]["subset"]["inputCondition"]["partitions"] == days
    assert written["outputFacets"]["subset"]["outputCondition"]["partitions"] == days
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert [each["name"] for each in written["facets"]["schema"]["fields"]] == ["day", "total"]
    total = written["facets"]["columnLineage"]["fields"]["total"]["inputFields"]
    assert [(each["name"], each["field"]) for each in total] == [("lake.facts", "n")]
    assert written["facets"]["ownership"]["owners"][0]["name"] == "a@example.com"


@pytest.mark.skipif(not HAS_PROVIDER, reason="needs apache-airflow-providers-openlineage")
def test_the_provider_hears_of_a_task_that_was_run(project, tmp_path, monkeypatch):
    events = tmp_path / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))

    ran = project.run("marts_daily", "2024-01-03T00:30")

    assert ran.tasks["marts.sums"] == "success"
    (event,) = (
        each
        for each in map(json.loads, events.read_text().splitlines())
        if each["eventType"] == "COMPLETE" and each["job"]["name"].endswith(".marts.sums")
    )
    assert [each["name"] for each in (*event["inputs"], *event["outputs"])] == ["lake.facts", "marts.sums"]
    (partition,) = event["outputs"][0]["outputFacets"]["subset"]["outputCondition"]["partitions"]
    assert partition["identifier"] == "2024-01-02"


def test_a_task_says_nothing_before_it_has_run(project):
    task = project.dags()["marts_daily"].task_dict["marts.sums"]

    assert task.get_openlineage_facets_on_complete(None) is None
