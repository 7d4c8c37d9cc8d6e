"""Long queries on BigQuery are left running: the triggerer waits, and the task goes on with what they gave."""

from __future__ import annotations

import asyncio

import pytest
from api_server import Serving
from lab import daily, model, source, write_files
from warehouse_server import warehouse_of_events

from aggregator.engines import Leaving, LeftRunningError

DAYS = daily("day", "2024-01-01", "2024-01-04")
QUERY = "SELECT day, part, COUNT(*) AS stamp FROM lake.events GROUP BY day, part"
FILES = {
    "aggregator.yml": "project: test\nenvironments: {prod: {engine: bigquery, project: acme, location: EU}}\n"
    "default_environment: prod\n",
    "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=DAYS),
    "models/marts/daily.sql": model(
        f"{QUERY} ORDER BY day, part LIMIT 1000000", partition=DAYS, key=["day", "part"], schedule="daily"
    ),
}
ALL = {"from": "2024-01-01", "to": "2024-01-04"}
AT = "2024-01-05T00:30"


@pytest.fixture
def warehouse(monkeypatch):
    """Events of three days are there; each job has to be looked at three times until it is over."""
    known = warehouse_of_events()
    for day in (1, 2, 3):
        known.stored["acme.lake.events"].put(f"2024010{day}", [{"day": f"2024-01-0{day}", "part": 1}], known._now())
    known.slow = 3
    with Serving(known):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", known.url)
        yield known


@pytest.fixture
def project(warehouse, scheduled, tmp_path):
    made = scheduled(write_files(tmp_path / "project", FILES))
    made.deploy(poke_seconds=0.05, defer_after=0)
    return made


def stamps(warehouse):
    """Of each partition, which execution its rows are of."""
    return [{row["stamp"] for row in rows} for rows in warehouse.rows_of("acme.marts.daily").values()]


def posted(warehouse):
    """The ids of the jobs that stage rows, each time that one was asked for."""
    return [each["jobReference"]["jobId"] for each in warehouse.posted_jobs("build")]


def built(ran):
    return ran.xcoms["marts.daily"]["marts.daily"]


def test_a_query_is_run_once_and_taken_over_by_its_id(warehouse, project, capfd):
    ran = project.run("marts_daily", AT, partition="2024-01-02")

    first, again = posted(warehouse)
    assert ran.tasks["marts.daily"] == "success"
    assert first == again
    assert len(warehouse.runs("build")) == 1
    assert [len(each) for each in stamps(warehouse)] == [1]
    assert (built(ran)["count"], built(ran)["built"], built(ran)["rows"]) == (1, 1, 3)
    assert f"left to the warehouse, and to the triggerer to wait for: {first}" in capfd.readouterr().out


def test_what_has_ended_is_not_built_again(warehouse, project):
    ran = project.run("marts_daily", AT, full=True, **ALL)

    assert ran.tasks["marts.daily"] == "success"
    assert len(warehouse.runs("build")) == 3
    assert [len(each) for each in stamps(warehouse)] == [1, 1, 1]
    assert (built(ran)["count"], built(ran)["built"], built(ran)["rows"]) == (3, 3, 9)


def test_a_query_that_failed_meanwhile_is_not_begun_again(warehouse, project, capfd):
    warehouse.job_errors["build"] = ["invalidQuery"]

    ran = project.run("marts_daily", AT, partition="2024-01-02")

    assert ran.tasks["marts.daily"] == "failed"
    assert len(set(posted(warehouse))) == 1
    assert "marts.daily: it failed: invalidQuery" in capfd.readouterr().out


def test_a_query_that_bigquery_could_not_finish_is_begun_again(warehouse, project):
    warehouse.job_errors["build"] = ["backendError", "backendError"]

    ran = project.run("marts_daily", AT, partition="2024-01-02")

    assert ran.tasks["marts.daily"] == "success"
    assert [each[-1] for each in dict.fromkeys(posted(warehouse))] == ["1", "2", "3"]


def test_one_that_fails_for_ever_is_given_up(warehouse, project):
    warehouse.job_errors["build"] = ["backendError"] * 50

    ran = project.run("marts_daily", AT, partition="2024-01-02")

    assert ran.tasks["marts.daily"] == "failed"
    assert len(set(posted(warehouse))) == 5


def test_a_task_that_is_marked_as_failed_stops_its_job_and_another_begins_anew(warehouse, project):
    from aggregator.airflow.asked import asked_by
    from aggregator.airflow.trigger import JobsTrigger
    from aggregator.airflow.work import at_work, build, read_graph, unbuilt

    warehouse.slow = 10**6
    graph, asked = read_graph(str(project.manifest), "."), asked_by({"partition": "2024-01-02"}, (None, None))
    with at_work(graph, print, run_key="run", leaving=Leaving(0)) as engine:
        with pytest.raises(LeftRunningError):
            build(engine, graph, unbuilt(graph, graph.models), asked, "run", print)
        jobs = engine.left()
    assert {warehouse.jobs[each]["status"]["state"] for each in jobs} == {"RUNNING"}

    asyncio.run(JobsTrigger(str(project.manifest), ".", jobs, {}, 1).on_kill())
    warehouse.slow = 0
    with at_work(graph, print, run_key="run") as engine:
        build(engine, graph, unbuilt(graph, graph.models), asked, "run", print)

    assert [warehouse.jobs[each]["status"]["errorResult"]["reason"] for each in jobs] == ["stopped"]
    assert [len(each) for each in stamps(warehouse)] == [1]


def test_jobs_are_named_by_the_run_and_not_by_the_attempt(warehouse, project):
    project.deploy(defer_after=None)
    project.run("marts_daily", AT, partition="2024-01-02")

    (job,) = posted(warehouse)
    assert f"{project.prefix}marts_daily-marts-daily-" in job
