"""A DAG starts when the last partition has come that one of its own reads; again, when one of these comes again."""

from __future__ import annotations

import pytest
from arriving import ARRIVING, FILES, write_facts
from lab import write_files


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
