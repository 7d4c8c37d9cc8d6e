"""A DAG starts when the last partition has come that one of its own reads; again, when one of these comes again."""

from __future__ import annotations

from datetime import datetime

import pytest
from lab import Lab, daily, load_graph, model, source, write_files
from live_airflow import live

END = datetime.fromisoformat("2024-02-01")
SUM = "SELECT {key}, SUM(n) AS n FROM {table} GROUP BY {by}"
HOURS, DAYS = (daily(by, "2024-01-30", "2024-02-01", grain=grain) for by, grain in (("at", "hour"), ("day", "day")))
FILES = {
    "aggregator.yml": "project: chain\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "models/lake/facts.yml": source({"at": "TIMESTAMP", "n": "INT64"}, partition=HOURS, local="facts.csv"),
    "models/staging/hours.sql": model(
        SUM.format(key="at", table="lake.facts", by="at"), partition=HOURS, schedule="hourly"
    ),
    "models/dims/factors.sql": model(
        SUM.format(key="DATE(at) AS of_day", table="lake.facts", by="of_day"),
        partition=daily("of_day", "2024-01-30", "2024-02-01"),
        schedule="daily",
    ),
    "models/marts/days.sql": model(
        "SELECT DATE(h.at) AS day, SUM(h.n) AS n, MAX(f.n) AS total FROM staging.hours AS h"
        " JOIN dims.factors AS f ON DATE(h.at) = f.of_day GROUP BY day",
        partition=DAYS,
        schedule="daily",
    ),
    "models/reports/months.sql": model(
        SUM.format(key="DATE_TRUNC(day, MONTH) AS month", table="marts.days", by="month"),
        partition=daily("month", "2024-01-01", "2024-02-01", grain="month"),
        schedule="monthly",
    ),
    "models/lake/planes.yml": source({"tail": "STRING"}),
    "models/plain/day.sql": model(
        "SELECT @start AS day, COUNT(*) AS n FROM lake.planes", partition=DAYS, schedule="daily"
    ),
    "models/mixed/two.sql": model(
        SUM.format(key="day", table="marts.days", by="day"), partition=DAYS, schedule="daily"
    ),
    "models/mixed/one.sql": model(
        SUM.format(key="DATE_TRUNC(day, MONTH) AS month", table="marts.days", by="month"),
        partition=daily("month", "2024-01-01", "2024-02-01", grain="month"),
        schedule="daily",
    ),
}
ARRIVING = ["marts_daily", "reports_monthly"]


def write_facts(root, **values):
    numbers = {f"2024-01-{day}T{hour:02}:00:00": 1 for day in (30, 31) for hour in range(24)} | values
    (root / "facts.csv").write_text("".join(["at,n\n", *(f"{at},{n}\n" for at, n in numbers.items())]))


@pytest.fixture
def root(tmp_path):
    made = write_files(tmp_path / "project", FILES)
    write_facts(made)
    return made


@pytest.fixture
def project(scheduled, root):
    made = scheduled(root)
    made.deploy(on_arrival=ARRIVING)
    return made


def announced(project, dag_id, at, **conf):
    ran = project.run(dag_id, at, **conf)
    assert ran.state == "success"
    return ran.tasks["arrive.marts_daily"], ran.xcoms.get("arrive.marts_daily")


def test_whoever_comes_last_completes_a_partition_and_tells(project):
    nights = {"from": "2024-01-30", "to": "2024-01-31T23"}

    some = announced(project, "staging_hourly", "2024-01-31T23:30", **nights)
    others = announced(project, "dims_daily", "2024-02-01T00:30", **{"from": "2024-01-30", "to": "2024-02-01"})
    last = announced(project, "staging_hourly", "2024-02-01T00:30")
    again = announced(project, "staging_hourly", "2024-01-30T06:30", partition="2024-01-30T05", full=True)

    assert some == ("skipped", None)
    assert others == ("success", ["2024-01-30"])
    assert last == ("success", ["2024-01-31"])
    assert again == ("success", ["2024-01-30"])


def looked(project):
    ran = project.run("aggregator_arrivals", "2024-02-02T00:00")
    assert ran.state == "success"
    return ran.tasks, {task: keys for task, keys in ran.xcoms.items() if keys}


def test_what_came_without_a_task_is_told_of_once_for_what_is_there(project, root, aggregator):
    project.deploy(on_arrival=[*ARRIVING, "dims_daily"])
    by_sources = looked(project)
    aggregator(root, "run", "--select", "+marts.days", "--to", "2024-01-31", "--quiet")
    aggregator(root, "run", "--select", "staging.hours", "--select", "dims.factors", "--quiet")
    by_run = looked(project)
    again = looked(project)
    write_facts(root, **{"2024-01-30T05:00:00": 100})
    changed = looked(project)

    states = dict.fromkeys(("dims_daily", *ARRIVING), "skipped")
    assert by_sources == ({**states, "dims_daily": "success"}, {"dims_daily": ["2024-01-30", "2024-01-31"]})
    assert by_run == ({**states, "marts_daily": "success"}, {"marts_daily": ["2024-01-31"]})
    assert again == (states, {})
    assert changed == ({**states, "dims_daily": "success"}, {"dims_daily": ["2024-01-30"]})


def test_dags_start_by_partitions_or_say_why_they_do_not(scheduled, root):
    made = scheduled(root)
    made.deploy(on_arrival=[*ARRIVING, "mixed_daily", "dims_daily", "plain_daily"])

    dags = made.dags()

    kinds = {name: type(dag.timetable).__name__ for name, dag in dags.items() if not name.startswith("aggregator")}
    assert kinds == {
        "staging_hourly": "CronDataIntervalTimetable",
        "plain_daily": "CronDataIntervalTimetable",
        "dims_daily": "PartitionedAssetTimetable",
        "marts_daily": "PartitionedAssetTimetable",
        "reports_monthly": "PartitionedAssetTimetable",
        "mixed_daily": "CronDataIntervalTimetable",
    }
    assert "not when partitions arrive: its tables are cut differently." in dags["mixed_daily"].doc_md
    assert "it reads no partitions of other DAGs or of sources." in dags["plain_daily"].doc_md
    assert "reads of `lake.facts`." in dags["dims_daily"].doc_md
    assert "reads of `dims.factors`, `staging.hours`." in dags["marts_daily"].doc_md
    told = {name: dag.task_dict.get("arrive.marts_daily") for name, dag in dags.items()}
    assert {name for name, task in told.items() if task} == {"staging_hourly", "dims_daily"}
    assert told["staging_hourly"].upstream_task_ids == {"staging.hours"}
    assert "wait.staging.hours" in dags["marts_daily"].task_dict
    looking = dags["aggregator_arrivals"]
    assert set(looking.task_dict) == {*ARRIVING, "dims_daily"}
    assert not looking.is_paused_upon_creation


def test_without_being_asked_dags_start_by_the_clock(scheduled, root):
    dags = scheduled(root).dags()

    assert not [task for dag in dags.values() for task in dag.task_ids if task.startswith("arrive.")]
    assert "aggregator_arrivals" not in dags
    assert type(dags["marts_daily"].timetable).__name__ == "CronDataIntervalTimetable"


def test_a_real_scheduler_starts_the_days_and_then_the_month(airflow_home, aggregator, root, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))
    aggregator(root, "compile", "--out", str(root / "manifest.json"))
    both = {"from": "2024-01-30", "to": "2024-02-01"}

    with live(airflow_home, tmp_path / "airflow", root, on_arrival=ARRIVING) as airflow:
        airflow.until("the DAGs are known", lambda: len(airflow.dags()) > 4)
        airflow.start("staging_hourly", **both)
        airflow.await_state("staging_hourly", "arrive.marts_daily", "skipped")
        # The rest comes without Airflow, and is looked for.
        aggregator(root, "run", "--select", "dims.factors", "--quiet")
        airflow.start("aggregator_arrivals")
        airflow.until("both days are built", lambda: ended(airflow, "marts_daily", "2024-01-30", "2024-01-31"))
        airflow.until("the month is built", lambda: ended(airflow, "reports_monthly", "2024-01"))
        # An hour comes again, with other rows: the day is built again, and the month.
        months = len(airflow.runs("reports_monthly"))
        write_facts(root, **{"2024-01-30T05:00:00": 100})
        airflow.start("staging_hourly", "late", "2024-02-02", partition="2024-01-30T05", full=True)
        airflow.until("the day is built again", lambda: len(airflow.runs("marts_daily")) > 2)
        airflow.until("the month is built again", lambda: len(airflow.runs("reports_monthly")) > months)
        airflow.until("all is over", lambda: ended(airflow, "reports_monthly") and ended(airflow, "marts_daily"))

    lab = Lab(load_graph(root))
    assert [row[1] for row in lab.rows("marts.days")] == [123, 24]
    assert [row[1] for row in lab.rows("reports.months")] == [147]


def ended(airflow, dag, *keys):
    """Whether all runs of a DAG ended well, among them those of some partitions."""
    runs = airflow.runs(dag)
    assert "failed" not in {run["state"] for run in runs}
    return {run["state"] for run in runs} == {"success"} and set(keys) <= {run["partition_key"] for run in runs}
