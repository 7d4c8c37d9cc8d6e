"""DAGs, run by a real Airflow, build what ``aggregator run`` builds."""

from __future__ import annotations

from datetime import datetime

import pytest
from lab import Lab, daily, load_graph, model, source, write_files

from aggregator.core.names import TableName

PROJECT = "project: test\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\ndefault_environment: local\n"
MOMENT = datetime.fromisoformat
SUM = "SELECT day, SUM(n) AS n FROM {} GROUP BY day"
FACTS = source(
    {"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01"), local="facts.csv", owner="lake@example.com"
)
FILES = {
    "aggregator.yml": PROJECT,
    "facts.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n",
    "models/lake/facts.yml": FACTS,
    "models/staging/sums.sql": model(SUM.format("lake.facts"), partition=daily("day", "2024-01-01"), schedule="daily"),
    "models/marts/twice.sql": model(
        "SELECT day, SUM(n) * 2 AS n FROM staging.sums GROUP BY day",
        partition=daily("day", "2024-01-01"),
        schedule="daily",
        checks=[{"expect_column_values_to_be_between": {"column": "n", "max_value": 100}}],
    ),
    "models/marts/running.sql": model(
        "SELECT day, SUM(n) AS n FROM (SELECT day, n FROM marts.twice UNION ALL"
        " SELECT DATE_ADD(day, INTERVAL 1 DAY), n FROM marts.running) GROUP BY day",
        partition=daily("day", "2024-01-01"),
        inputs={"marts.running": "previous"},
        schedule="daily",
    ),
}


@pytest.fixture
def root(tmp_path):
    return write_files(tmp_path / "project", FILES)


def days(root, table):
    return {str(row[0]): row[1] for row in Lab(load_graph(root)).rows(table)}


LEFT_OUT = ("delay_bands", "route_performance", "yearly_routes", "weather_delays", "carrier_ranking", "trailing_fleet")


def test_the_demo_comes_out_as_with_aggregator_run(demo, scheduled, tmp_path):
    """A month of most of the demo: 30 days asked for in one run, the last day and the month by their data intervals."""
    for name in LEFT_OUT:
        next((demo / "models/marts").glob(f"{name}.*")).unlink()
    flights = scheduled(demo)
    days_of_january = {"from": "2013-01-01", "to": "2013-01-31"}
    steps = [
        ("staging_daily", "2013-01-31T12:00", days_of_january),
        ("staging_daily", "2013-02-01T12:00", {}),
        ("dims_weekly", "2013-02-01T12:00", {}),
        ("marts_daily", "2013-01-31T12:00", days_of_january),
        ("marts_daily", "2013-02-01T12:00", {}),
        ("marts_monthly", "2013-02-01T12:00", {}),
    ]

    ran = [flights.run(dag, at, **conf) for dag, at, conf in steps]

    assert [each.state for each in ran] == ["success"] * len(steps)
    assert ran[1].xcoms["staging.flights"]["staging.flights"]["partitions"] == ["2013-01-31", "2013-01-31"]
    assert ran[-1].xcoms["marts.monthly_carrier"]["marts.monthly_carrier"]["partitions"] == ["2013-01", "2013-01"]
    by_dags = Lab(load_graph(demo))
    by_run = Lab.at(tmp_path / "by_run", by_dags.graph)
    chosen = [str(name) for name in by_dags.graph.models if by_dags.ledger().built.get(name)]
    assert by_run.run(select=chosen, interval=(MOMENT("2013-01-01"), MOMENT("2013-02-01"))).is_clean
    assert by_dags.tables() == {name: rows for name, rows in by_run.tables().items() if name in chosen}
    assert by_dags.recorded().keys() <= by_run.recorded().keys()
    assert len(by_dags.recorded()) > 150


def test_a_run_builds_the_day_that_is_over(scheduled, root):
    ran = scheduled(root).run("staging_daily", "2024-01-03T00:30")

    row = Lab(load_graph(root)).ledger().built[TableName("staging", "sums")]["2024-01-02"]
    assert (ran.state, row.checksum != "") == ("success", True)
    assert ran.xcoms["staging.sums"]["staging.sums"] == {
        "partitions": ["2024-01-02", "2024-01-02"],
        "count": 1,
        "built": 1,
        "rows": 1,
        "bytes": None,
        "fingerprint": row.fingerprint,
        "checksum": row.checksum,
    }
    assert days(root, "staging.sums") == {"2024-01-02": 2}


def test_the_ledger_says_which_task_it_was(scheduled, root):
    scheduled(root, "noted").run("staging_daily", "2024-01-03T00:30")

    (row,) = next(iter(Lab(load_graph(root)).ledger().built.values())).values()
    dag, _, task, attempt = row.run_id.split("/")
    assert (dag, task, attempt) == ("noted_staging_daily", "staging.sums", "1")


def test_a_table_that_reads_itself_is_built_in_order(scheduled, root):
    project = scheduled(root)
    for at in ("2024-01-02", "2024-01-03", "2024-01-04"):
        project.run("staging_daily", f"{at}T00:30")
    first = project.run("marts_daily", "2024-01-02T00:30")
    gap = project.run("marts_daily", "2024-01-04T00:30")
    project.run("marts_daily", "2024-01-03T00:30")
    last = project.run("marts_daily", "2024-01-04T00:30")

    assert (first.state, gap.tasks["marts.running"], last.state) == ("success", "failed", "success")
    assert days(root, "marts.running") == {"2024-01-01": 2, "2024-01-02": 6, "2024-01-03": 12}


def test_what_is_missing_is_named_with_its_owner_when_time_is_up(scheduled, root, capfd):
    project = scheduled(root)
    graph_file = root / "models/staging/sums.sql"
    graph_file.write_text(graph_file.read_text().replace("---*/", "freshness: {error_after: 1s}\n---*/"))
    project.deploy(poke_seconds=0.2)

    ran = project.run("staging_daily", "2024-01-06T00:30")

    assert ran.tasks == {"wait.lake.facts": "failed", "staging.sums": "upstream_failed"}
    assert "lake.facts@2024-01-05 has not arrived (owner: lake@example.com)" in capfd.readouterr().out


def test_waits_until_late_data_is_there(scheduled, root, monkeypatch):
    project = scheduled(root)
    project.deploy(poke_seconds=0.2)
    from aggregator.airflow import trigger

    looked = trigger.PartitionsTrigger._look

    def late(self):
        found = looked(self)
        (root / "facts.csv").write_text(FILES["facts.csv"] + "2024-01-04,4\n")
        return found

    monkeypatch.setattr(trigger.PartitionsTrigger, "_look", late)  # the file arrives while the trigger polls

    ran = project.run("staging_daily", "2024-01-05T00:30")

    assert ran.state == "success"
    assert days(root, "staging.sums") == {"2024-01-04": 4}


def test_a_broken_promise_fails_at_once_and_names_the_cause(scheduled, root, capfd):
    (root / "facts.csv").write_text("day,n\n2024-01-01,1\n2024-01-02,200\n")
    project = scheduled(root)
    project.run("staging_daily", "2024-01-03T00:30", **{"from": "2024-01-01", "to": "2024-01-03"})
    project.run("marts_daily", "2024-01-02T00:30")

    ran = project.run("marts_daily", "2024-01-03T00:30")

    assert ran.tasks == {
        "wait.staging.sums": "success",
        "marts.twice": "failed",
        "marts.running": "upstream_failed",
    }
    said = capfd.readouterr().out
    assert "marts.twice@2024-01-02: n is not between -inf and 100 in 1 rows; the rows were not published" in said
    assert "next: mend the cause, then clear this task, or `aggregator run --select marts.twice`" in said
    assert days(root, "marts.twice") == {"2024-01-01": 2}


def test_a_group_is_one_task_with_a_status_for_each_model(scheduled, tmp_path):
    files = {
        path: text.replace('schedule: "daily"', 'schedule: "daily"\ngroup: true') if "marts" in path else text
        for path, text in FILES.items()
    }
    root = write_files(tmp_path / "project", files)
    project = scheduled(root)
    project.run("staging_daily", "2024-01-02T00:30")

    ran = project.run("marts_daily", "2024-01-02T00:30")

    (task,) = ran.xcoms
    assert {name: told["built"] for name, told in ran.xcoms[task].items()} == {"marts.twice": 1, "marts.running": 1}


@pytest.mark.parametrize(
    ("conf", "built"),
    [
        pytest.param({"partition": "2024-01-02"}, ["2024-01-02"], id="a partition"),
        pytest.param({"partition": "2024-01"}, ["2024-01-01", "2024-01-02", "2024-01-03"], id="all days of a month"),
        pytest.param({"from": "2024-01-02"}, ["2024-01-02", "2024-01-03"], id="from a day on"),
        pytest.param({"to": "2024-01-02"}, ["2024-01-01"], id="before a day"),
        pytest.param({}, ["2024-01-03"], id="nothing: the data interval"),
    ],
)
def test_a_manual_run_builds_what_it_is_asked_for(scheduled, tmp_path, conf, built):
    facts = source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01", "2024-01-04"), local="facts.csv")
    root = write_files(tmp_path / "project", {**FILES, "models/lake/facts.yml": facts})

    ran = scheduled(root).run("staging_daily", "2024-01-04T00:30", **conf)

    assert ran.state == "success"
    assert sorted(days(root, "staging.sums")) == built


def test_a_parameter_that_is_no_date_is_said_so(scheduled, root, capfd):
    ran = scheduled(root).run("staging_daily", "2024-01-03T00:30", partition="yesterday")

    assert ran.tasks["wait.lake.facts"] == "failed"
    assert "'yesterday' names no partition" in capfd.readouterr().out


def test_repair_builds_what_is_stale_within_its_budget(scheduled, root):
    project = scheduled(root)
    facts = source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01", "2024-01-04"), local="facts.csv")
    write_files(root, {"models/lake/facts.yml": facts})
    project.deploy()
    first = project.run("aggregator_repair", "2024-02-01T12:00", partitions=5)
    (root / "facts.csv").write_text(FILES["facts.csv"].replace("2024-01-02,2", "2024-01-02,20"))

    second = project.run("aggregator_repair", "2024-02-02T12:00", partitions=100)

    assert (first.state, first.xcoms["repair"]["left"]) == ("success", 4)
    assert (second.state, second.xcoms["repair"]["left"]) == ("success", 0)
    assert Lab(load_graph(root)).plan().steps == ()
    assert days(root, "marts.running") == {"2024-01-01": 2, "2024-01-02": 42, "2024-01-03": 48}
