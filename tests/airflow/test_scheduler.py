"""A whole Airflow on loopback: its scheduler, triggerer and workers bring an unlucky chain of DAGs to a right end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from lab import Lab, daily, load_graph, model, source, write_files
from live_airflow import Api, live

LATE = "2024-01-31T23:00:00"
WRONG = "2024-01-30T05:00:00"
END = datetime.fromisoformat("2024-02-01")
SUM = "SELECT {key}, SUM(n) AS n FROM {table} GROUP BY {by}"
FILES = {
    "aggregator.yml": "project: chain\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "models/lake/facts.yml": source(
        {"at": "TIMESTAMP", "n": "INT64"}, partition=daily("at", "2024-01-30", grain="hour"), local="facts.csv"
    ),
    "models/staging/hours.sql": model(
        SUM.format(key="at", table="lake.facts", by="at"),
        partition=daily("at", "2024-01-30", grain="hour"),
        schedule="hourly",
    ),
    "models/marts/days.sql": model(
        SUM.format(key="DATE(at) AS day", table="staging.hours", by="day"),
        partition=daily("day", "2024-01-30"),
        schedule="daily",
        checks=[{"expect_column_values_to_be_between": {"column": "n", "max_value": 100}}],
    ),
    "models/marts/months.sql": model(
        SUM.format(key="DATE_TRUNC(day, MONTH) AS month", table="marts.days", by="month"),
        partition=daily("month", "2024-01-01", grain="month"),
        schedule="monthly",
    ),
}
SETTINGS = {
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",  # all runs are started here
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}


def write_facts(root: Path, **values: int) -> None:
    """An hour each, all with 1, but for those that are said otherwise; 0 is none."""
    numbers = {f"2024-01-{day}T{hour:02}:00:00": 1 for day in (30, 31) for hour in range(24)} | values
    lines = [f"{at},{n}\n" for at, n in numbers.items() if n]
    (root / "new.csv").write_text("".join(["at,n\n", *lines]))
    (root / "new.csv").replace(root / "facts.csv")


@pytest.fixture
def root(tmp_path):
    return write_files(tmp_path / "project", FILES)


@pytest.fixture
def airflow(airflow_home, aggregator, root, tmp_path, monkeypatch) -> Iterator[Api]:
    """As ``aggregator airflow up`` starts it, in a home of its own."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    aggregator(root, "compile", "--out", str(root / "manifest.json"))
    with live(airflow_home, tmp_path / "airflow", root) as api:
        yield api


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="workers are found by /proc")
def test_a_chain_of_dags_ends_right_whatever_happens_on_the_way(airflow, root, tmp_path):
    write_facts(root, **{LATE: 0, WRONG: 1000})
    airflow.start("staging_hourly", **{"from": "2024-01-30", "to": "2024-02-01"})
    airflow.start("marts_daily", **{"from": "2024-01-30", "to": "2024-02-01"})
    airflow.start("marts_monthly")

    # A late partition: all of them wait for it, one after the other.
    airflow.await_state("staging_hourly", "wait.lake.facts", "deferred")
    write_facts(root, **{WRONG: 1000})
    airflow.await_state("staging_hourly", "staging.hours", "success")

    # A failed check: one of the two days is published. What was wrong is mended where it comes from.
    airflow.await_state("marts_daily", "marts.days", "failed")
    write_facts(root)
    airflow.clear("staging_hourly", "staging.hours")
    airflow.until(
        "the hours are built again", lambda: airflow.task("staging_hourly", "staging.hours")["try_number"] > 1
    )
    airflow.await_state("staging_hourly", "staging.hours", "success")
    assert airflow.task("marts_monthly", "wait.marts.days")["state"] == "deferred"
    airflow.clear("marts_daily", "marts.days")
    airflow.await_state("marts_daily", "marts.days", "success")
    airflow.await_state("marts_monthly", "marts.months", "success")

    # A worker that is killed, with the process in which its task runs: it holds as the warehouse's file is taken.
    with duckdb.connect(str(root / "local.duckdb")):
        airflow.clear("marts_monthly", "marts.months")
        pid = airflow.await_state("marts_monthly", "marts.months", "running")["pid"]
        for each in (parent_of(pid), pid):
            os.kill(each, signal.SIGKILL)
        airflow.until("the death is noticed", lambda: airflow.task("marts_monthly", "marts.months")["pid"] != pid)
    airflow.await_state("marts_monthly", "marts.months", "success")

    by_dags = Lab(load_graph(root))
    by_run = Lab.at(tmp_path / "by_run", by_dags.graph)
    assert by_run.run(now=END).is_clean
    assert by_dags.tables() == by_run.tables()
    assert [row[1] for row in by_dags.rows("marts.days")] == [24, 24]
    assert by_dags.plan(now=END).steps == ()
