"""Airflow 2.11 loads and runs our DAGs, too: ``AIRFLOW_2_11`` names the Python of an environment that has it.

It has to have duckdb and PyYAML as well. What only Airflow 3 has, DAGs that start by partitions, is said to be missing.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from lab import daily, model, source, write_files

PYTHON = os.environ.get("AIRFLOW_2_11", "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="AIRFLOW_2_11 names no Python")
DAYS = daily("day", "2024-01-01")
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
FILES = {
    "aggregator.yml": "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n",
    "models/lake/facts.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=DAYS, local="facts.csv", owner="lake@x.org"
    ),
    "models/staging/sums.sql": model(
        SUM.format("lake.facts"),
        partition=DAYS,
        schedule="daily",
        freshness={"error_after": "1s"},
        export={"to": "gs://files/{model}/{partition}/*.csv", "format": "csv"},
    ),
    "models/marts/twice.sql": model(
        SUM.format("staging.sums"),
        partition=DAYS,
        schedule="daily",
        checks=[{"expect_column_values_to_be_between": {"column": "n", "max_value": 2}}],
    ),
}
RUN = """
import json, sys
from datetime import UTC, datetime
from airflow.models.dagbag import DagBag
from airflow.serialization.serialized_objects import SerializedDAG

bag = DagBag(sys.argv[1], include_examples=False)
assert not bag.import_errors, bag.import_errors
for dag in bag.dags.values():
    SerializedDAG.to_dict(dag)
found = []
for name, at, conf in json.loads(sys.argv[2]):
    ran = bag.dags[name].test(execution_date=datetime.fromisoformat(at).replace(tzinfo=UTC), run_conf=conf)
    found.append({each.task_id: each.state for each in ran.get_task_instances()})
print()
print(json.dumps([found, bag.dags["marts_daily"].doc_md]))
"""


@pytest.fixture
def earlier(tmp_path, aggregator):
    """A home of Airflow 2.11 with a project's DAGs."""
    root, home = write_files(tmp_path / "project", FILES), tmp_path / "home"
    aggregator(root, "compile", "--out", str(root / "manifest.json"))
    home.mkdir()
    (home / "dags").mkdir()
    (home / "dags" / "project.py").write_text(
        "from aggregator.airflow import load_dags\n"
        f"load_dags({str(root / 'manifest.json')!r}, on_arrival=['marts_daily'], poke_seconds=0.2)\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
    environ = {**clean, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])

    def run(*runs):
        command = [PYTHON, "-c", RUN, str(home / "dags"), json.dumps(runs)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout, json.loads(done.stdout.splitlines()[-1])

    subprocess.run([PYTHON, "-m", "airflow", "db", "migrate"], env=environ, check=True, capture_output=True)
    return run


def test_dags_are_loaded_and_run(earlier):
    said, (ran, page) = earlier(
        ("staging_daily", "2024-01-03T00:30", None),
        ("staging_daily", "2024-01-06T00:30", None),
        ("staging_daily", "2024-01-05T00:30", {"partition": "2024-01-03"}),
        ("marts_daily", "2024-01-03T00:30", None),
        ("marts_daily", "2024-01-04T00:30", {"partition": "2024-01-03"}),
        ("aggregator_repair", "2024-01-04T00:30", {"partitions": 1}),
        ("aggregator_freshness", "2024-01-04T00:30", None),
    )

    built = {"wait.lake.facts": "success", "staging.sums": "success", "export.staging.sums": "success"}
    assert ran[0] == ran[2] == built
    assert ran[1]["wait.lake.facts"] == "failed"
    assert "lake.facts@2024-01-05 has not arrived (owner: lake@x.org)" in said
    assert ran[3:5] == [
        {"wait.staging.sums": "success", "marts.twice": "success"},
        {"wait.staging.sums": "success", "marts.twice": "failed"},
    ]
    assert "n is not between -inf and 2 in 1 rows" in said
    assert ran[5:] == [{"repair": "success"}, {"owner_1": "failed"}]
    assert "not when partitions arrive: it takes Airflow 3." in page
