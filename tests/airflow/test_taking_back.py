"""Rows that should not have been published are taken back by a DAG, as ``aggregator rollback`` does."""

from __future__ import annotations

import pytest
from api_server import Serving
from lab import daily, load_graph, model, source, write_files
from warehouse_server import rows_of_days, warehouse_of_events

from aggregator.engines import open_engine

DAYS = daily("day", "2024-01-01", "2024-01-03")
QUERY = "SELECT day, part, COUNT(*) AS stamp FROM lake.events WHERE part >= {} GROUP BY day, part"
PROJECT = "project: test\nenvironments: {{prod: {}}}\ndefault_environment: prod\n"
FILES = {
    "aggregator.yml": PROJECT.format("{engine: bigquery, project: acme, location: EU}"),
    "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=DAYS),
    "models/marts/daily.sql": model(QUERY.format(0), partition=DAYS, key=["day", "part"], schedule="daily"),
}
ALL = {"from": "2024-01-01", "to": "2024-01-03"}
AT = "2024-01-05T00:30"


@pytest.fixture
def warehouse(monkeypatch):
    known = warehouse_of_events()
    for day in (1, 2):
        known.stored["acme.lake.events"].put(f"2024010{day}", [{"day": f"2024-01-0{day}", "part": 1}], known._now())
    known.compute = lambda sql, given: [row for row in rows_of_days(sql, given) if row["part"] >= ("part >= 1" in sql)]
    with Serving(known):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", known.url)
        yield known


@pytest.fixture
def project(warehouse, scheduled, tmp_path):
    """Built twice: with three rows a day, and then with two."""
    made = scheduled(write_files(tmp_path / "project", FILES))
    assert made.run("marts_daily", AT, **ALL).state == "success"
    worse = model(QUERY.format(1), partition=DAYS, key=["day", "part"], schedule="daily")
    write_files(made.root, {"models/marts/daily.sql": worse})
    made.deploy()
    assert made.run("marts_daily", AT, **ALL).state == "success"
    assert counts(warehouse) == [2, 2]
    return made


def counts(warehouse):
    return [len(rows) for rows in warehouse.rows_of("acme.marts.daily").values()]


def test_partitions_are_taken_back_and_written_down(warehouse, project):
    ran = project.run("aggregator_rollback", AT, model="marts.daily", partitions=["2024-01-02"])

    assert ran.state == "success"
    assert counts(warehouse) == [2, 3]
    row = warehouse.ledger[-1]
    assert (row["partition"], row["outcome"], row["rows"]) == ("2024-01-02", "rolled_back", 3)
    assert row["run_id"].startswith(f"{project.prefix}aggregator_rollback/")
    assert ran.xcoms["roll_back"] == {"marts.daily@2024-01-02": row["message"]}
    # It is held: a run of its DAG leaves it as it is.
    project.run("marts_daily", AT, **ALL)
    assert counts(warehouse) == [2, 3]


def test_all_that_a_run_wrote_is_taken_back(warehouse, project):
    bad = warehouse.ledger[-1]["run_id"]

    ran = project.run("aggregator_rollback", AT, run=bad)

    assert ran.state == "success"
    assert counts(warehouse) == [3, 3]


def test_an_attempt_after_another_goes_no_further_back(warehouse, project):
    from aggregator.airflow.upkeep import take_back

    graph, said = load_graph(project.root), []
    engine = open_engine(graph, said.append)
    try:
        ends = [
            take_back(engine, graph, ["marts.daily@2024-01-01"], "", f"dag/run/task/{attempt}", said.append)
            for attempt in (1, 2)
        ]
        refused = take_back(engine, graph, ["marts.daily@2024-01-01"], "", "dag/other/task/1", said.append)
    finally:
        engine.close()

    assert [len(done) for done, _ in ends] == [1, 0]
    assert counts(warehouse) == [3, 2]
    assert said[-1] == "marts.daily@2024-01-01: was rolled back by an earlier attempt of this task"
    assert "no rows that it had before" in refused[1][0]


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({}, "say what to roll back: `model` and `partitions`, or `run`"),
        ({"model": "marts.dialy", "partitions": ["2024-01-01"]}, "did you mean marts.daily?"),
        ({"model": "marts.daily"}, "marts.daily has partitions: say which one"),
        ({"model": "marts.daily", "partitions": ["2023-01-01"]}, "the ledger knows of no rows"),
        ({"run": "unknown"}, "were written by a run unknown"),
    ],
)
def test_what_can_not_be_rolled_back_fails_and_says_why(project, warehouse, capfd, conf, message):
    ran = project.run("aggregator_rollback", AT, **conf)

    assert ran.tasks == {"roll_back": "failed"}
    assert message in capfd.readouterr().out
    assert counts(warehouse) == [2, 2]


def test_duckdb_has_no_way_back_and_trying_again_mends_nothing(scheduled, tmp_path, capfd):
    files = {
        **FILES,
        "aggregator.yml": PROJECT.format("{engine: duckdb, path: local.duckdb}"),
        "events.csv": "day,part\n2024-01-01,0\n2024-01-01,1\n",
        "models/lake/events.yml": source({"day": "DATE", "part": "INT64"}, partition=DAYS, local="events.csv"),
    }
    local = scheduled(write_files(tmp_path / "project", files))
    for least in (0, 1):
        write_files(
            local.root, {"models/marts/daily.sql": model(QUERY.format(least), partition=DAYS, schedule="daily")}
        )
        local.deploy()
        assert local.run("marts_daily", AT, **ALL).state == "success"

    ran = local.run("aggregator_rollback", AT, model="marts.daily", partitions=["2024-01-01"])

    assert ran.tasks == {"roll_back": "failed"}
    assert "DuckDB keeps no earlier rows of a table (go back to the earlier SQL" in capfd.readouterr().out
