"""What Airflow makes of a manifest: DAGs, tasks, schedules, and what a broken part leaves whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from lab import daily, model, source, write_files

PROJECT = "project: test\ntime_zone: America/New_York\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
FILES = {
    "aggregator.yml": f"{PROJECT}default_environment: local\n",
    "models/lake/facts.yml": source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01")),
    "models/staging/sums.sql": model(
        SUM.format("lake.facts"), partition=daily("day", "2024-01-01"), schedule="daily", owner="one@example.com"
    ),
    "models/marts/twice.sql": model(
        SUM.format("staging.sums"),
        partition=daily("day", "2024-01-01"),
        schedule="30 6 * * * Europe/Berlin",
        pool="warehouse",
        retries=5,
        timeout="2h",
        alerts=["slack"],
        tags=["core"],
        owner="two@example.com",
    ),
}


@pytest.fixture
def root(tmp_path):
    return write_files(tmp_path / "project", FILES)


def test_what_front_matter_says_is_what_airflow_has(scheduled, root):
    dags = scheduled(root).dags()

    assert set(dags) == {"staging_daily", "marts_30-6-x-x-x-Europe-Berlin", "aggregator_repair", "aggregator_rollback"}
    dag = dags["marts_30-6-x-x-x-Europe-Berlin"]
    task = dag.task_dict["marts.twice"]
    assert (task.owner, task.pool, task.retries) == ("two@example.com", "warehouse", 5)
    assert task.execution_timeout.total_seconds() == 7200
    assert (task.upstream_task_ids, dag.tags, dag.catchup) == ({"wait.staging.sums"}, {"test", "core"}, False)
    assert task.on_failure_callback is not None
    assert dag.start_date == datetime(2024, 1, 1, 5, tzinfo=UTC)
    assert (dag.max_active_runs, dag.max_active_tasks) == (1, 1)
    assert set(dag.params) == {"partition", "from", "to", "full"}
    assert "kept by two@example.com" in task.doc_md


@pytest.mark.parametrize(
    ("dag_id", "at", "start", "end"),
    [
        pytest.param("staging_daily", "2024-03-10T12:00", "2024-03-09T05:00", "2024-03-10T05:00", id="a day"),
        pytest.param("staging_daily", "2024-03-11T12:00", "2024-03-10T05:00", "2024-03-11T04:00", id="of 23 hours"),
        pytest.param("staging_daily", "2024-11-04T12:00", "2024-11-03T04:00", "2024-11-04T05:00", id="of 25 hours"),
        pytest.param(
            "marts_30-6-x-x-x-Europe-Berlin", "2024-07-02T12:00", "2024-07-01T04:30", "2024-07-02T04:30", id="of a zone"
        ),
    ],
)
def test_the_data_interval_is_the_one_that_is_over(scheduled, root, dag_id, at, start, end):
    from airflow.serialization.encoders import coerce_to_core_timetable
    from pendulum import instance

    timetable = coerce_to_core_timetable(scheduled(root).dags()[dag_id].timetable)
    moment = instance(datetime.fromisoformat(at).replace(tzinfo=UTC))

    found = timetable.infer_manual_data_interval(run_after=moment)

    expected = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end)]
    assert [found.start, found.end] == expected


def test_a_broken_model_leaves_the_others_of_its_dag(scheduled, root, capfd):
    broken = model("SELECT day, SUM(nn) AS n FROM lake.facts GROUP BY day", schedule="daily")
    facts = FILES["models/lake/facts.yml"].replace('"columns"', '"local": "facts.csv", "columns"')
    files = {"models/staging/broken.sql": broken, "models/lake/facts.yml": facts, "facts.csv": "day,n\n2024-01-01,1\n"}
    write_files(root, files)

    project = scheduled(root)
    dag = project.dags()["staging_daily"]
    ran = project.run("staging_daily", "2024-01-02T12:00", partition="2024-01-01")

    assert set(dag.task_dict) == {"wait.lake.facts", "staging.sums", "staging.broken"}
    assert ran.tasks["staging.broken"] == "failed"
    assert "models/staging/broken.sql:" in capfd.readouterr().out


def test_a_dag_that_can_not_be_made_shows_why_and_is_the_only_one(scheduled, root):
    project = scheduled(root)
    content = json.loads(project.manifest.read_text())
    content["dags"][0]["tasks"][0]["id"] = "wait.not a name of Airflow's!"
    project.manifest.write_text(json.dumps(content))

    dags = project.dags()

    (good, bad) = (dags[each["id"]] for each in reversed(content["dags"]))
    assert "broken" in bad.tags
    assert bad.doc_md
    assert set(good.task_dict) == {"wait.staging.sums", "marts.twice"}


def test_parsing_imports_nothing_heavy(scheduled, root):
    project = scheduled(root)
    script = f"""
import sys
import airflow.sdk
before = set(sys.modules)
from aggregator.airflow import load_dags
load_dags({str(project.manifest)!r})
found = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(found & {{"sqlglot", "yaml", "duckdb", "google", "jinja2", "click", "great_expectations"}}))
print("aggregator.plan" in sys.modules or "aggregator.core.graph" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)

    assert done.stdout.splitlines()[-2:] == ["[]", "False"]


def test_tasks_go_on_by_the_manifest_that_those_before_were_done_by(scheduled, root, tmp_path):
    from aggregator.airflow import Deployment

    old, new = "1" * 64, "2" * 64
    for hash_ in (old, new):
        (tmp_path / f"test-{hash_[:12]}.json").write_text("{}")
    now = Deployment(str(tmp_path / f"test-{new[:12]}.json"), new, "root")

    assert now.of(None) == now == now.of(new)
    assert now.of(old) == Deployment(str(tmp_path / f"test-{old[:12]}.json"), old, "root")
    assert now.of("3" * 64) is None
