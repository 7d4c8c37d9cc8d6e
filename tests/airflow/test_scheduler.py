"""A whole Airflow on loopback: its scheduler, triggerer and workers bring two projects to a right end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from arriving import ARRIVING
from arriving import FILES as STARTED_FILES
from arriving import write_facts as write_arriving
from lab import Lab, daily, load_graph, model, source, write_files
from live_airflow import Api, live, load

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
        partition=daily("at", "2024-01-30", "2024-02-01", grain="hour"),
        schedule="hourly",
    ),
    "models/marts/days.sql": model(
        SUM.format(key="DATE(at) AS day", table="staging.hours", by="day"),
        partition=daily("day", "2024-01-30", "2024-02-01"),
        schedule="daily",
        checks=[{"expect_column_values_to_be_between": {"column": "n", "max_value": 100}}],
    ),
    "models/marts/months.sql": model(
        SUM.format(key="DATE_TRUNC(day, MONTH) AS month", table="marts.days", by="month"),
        partition=daily("month", "2024-01-01", "2024-02-01", grain="month"),
        schedule="monthly",
    ),
}
STARTED = {path: text for path, text in STARTED_FILES.items() if "mixed" not in path and "plain" not in path}
SETTINGS = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}


def write_facts(root: Path, **values: int) -> None:
    """An hour each, all with 1, but for those that are said otherwise; 0 is none."""
    numbers = {f"2024-01-{day}T{hour:02}:00:00": 1 for day in (30, 31) for hour in range(24)} | values
    lines = [f"{at},{n}\n" for at, n in numbers.items() if n]
    (root / "new.csv").write_text("".join(["at,n\n", *lines]))
    (root / "new.csv").replace(root / "facts.csv")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="workers are found by /proc")
def test_two_projects_end_right_whatever_happens_on_the_way(airflow_home, aggregator, tmp_path, monkeypatch):
    """At the same time on one Airflow, as starting one takes as long as either of them."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    home, chain, arriving = tmp_path / "airflow", tmp_path / "chain", tmp_path / "arriving"
    for root, files, options in ((chain, FILES, {}), (arriving, STARTED, {"on_arrival": ARRIVING})):
        write_files(root, files)
        aggregator(root, "compile", "--out", str(root / "manifest.json"))
        load(home, root, f"{root.name}_", **options)

    write_facts(chain, **{LATE: 0, WRONG: 1000})
    write_arriving(arriving)

    with live(airflow_home, home) as port, ThreadPoolExecutor() as stories:
        told = [
            stories.submit(story, Api(port, f"{root.name}_"), root)
            for story, root in ((tell_of_a_chain, chain), (tell_of_arrivals, arriving))
        ]
        for each in told:
            each.result()

    by_dags = Lab(load_graph(chain))
    by_run = Lab.at(tmp_path / "by_run", by_dags.graph)
    assert by_run.run(now=END).is_clean
    assert by_dags.tables() == by_run.tables()
    assert [row[1] for row in by_dags.rows("marts.days")] == [24, 24]
    assert by_dags.plan(now=END).steps == ()
    started = Lab(load_graph(arriving))
    assert [row[1] for row in started.rows("marts.days")] == [123, 24]
    assert [row[1] for row in started.rows("reports.months")] == [147]


def tell_of_a_chain(airflow: Api, root: Path) -> None:
    """A late partition, a failed check, tasks that are cleared, a worker that is killed."""
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


def tell_of_arrivals(airflow: Api, root: Path) -> None:
    """The days start when the last comes that they read, by a task or otherwise, and then the month."""
    both = {"from": "2024-01-30", "to": "2024-02-01"}
    airflow.start("staging_hourly", **both)
    airflow.await_state("staging_hourly", "arrive.marts_daily", "skipped")
    command = [sys.executable, "-m", "aggregator", "run", "--project", str(root), "--select", "dims.factors", "--quiet"]
    subprocess.run(command, check=True)
    airflow.start("aggregator_arrivals")
    airflow.until("both days are built", lambda: ended(airflow, "marts_daily", "2024-01-30", "2024-01-31"))
    airflow.until("the month is built", lambda: ended(airflow, "reports_monthly", "2024-01"))

    # An hour comes again, with other rows: the day is built again, and the month.
    days, months = (len(airflow.runs(dag)) for dag in ("marts_daily", "reports_monthly"))
    write_arriving(root, **{"2024-01-30T05:00:00": 100})
    airflow.start("staging_hourly", "late", "2024-02-02", partition="2024-01-30T05", full=True)
    airflow.until("the day is built again", lambda: len(airflow.runs("marts_daily")) > days)
    airflow.until("the month is built again", lambda: len(airflow.runs("reports_monthly")) > months)
    airflow.until("all is over", lambda: ended(airflow, "reports_monthly") and ended(airflow, "marts_daily"))


def ended(airflow: Api, dag: str, *keys: str) -> bool:
    """Whether all runs of a DAG ended well, among them those of some partitions."""
    runs = airflow.runs(dag)
    assert "failed" not in {run["state"] for run in runs}
    return {run["state"] for run in runs} == {"success"} and set(keys) <= {run["partition_key"] for run in runs}
