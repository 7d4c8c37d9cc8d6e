"""Partitions taken back: the rows that are there then, what the ledger says, and what a plan makes of it."""

from __future__ import annotations

import datetime as dt

import pytest
from lab import daily, model, write_files
from one_table import PROJECT_FILE, as_json, files, graph_of, stamps
from warehouse_server import rows_of_days

from aggregator.core.names import TableName
from aggregator.core.plan import Policy, Reason, Stale, Step
from aggregator.core.status import State
from aggregator.engines.bigquery.earlier import earlier
from aggregator.engines.protocol import NotHereError
from aggregator.plan import make_plan
from aggregator.plan.status import status_of
from aggregator.run.rollback import roll_back
from aggregator.strategies import write_for

DAILY = TableName("marts", "daily")
GOOD = files("2024-01-01", "2024-01-03")
BAD = files(
    "2024-01-01",
    "2024-01-03",
    sql="SELECT day, part, COUNT(*) AS stamp FROM lake.events WHERE part > 0 GROUP BY day, part",
)
WORSE = files(
    "2024-01-01",
    "2024-01-03",
    sql="SELECT day, part, COUNT(*) AS stamp FROM lake.events WHERE part > 1 GROUP BY day, part",
)


def without_some_parts(sql, parameters):
    least = 2 if "part > 1" in sql else 1 if "part > 0" in sql else 0
    return [row for row in rows_of_days(sql, parameters) if row["part"] >= least]


@pytest.fixture(autouse=True)
def _computed(warehouse):
    warehouse.compute = without_some_parts


@pytest.fixture
def take_back(tmp_path, make_engine):
    """Roll back a partition of the project that was built last; gives what came of it."""

    def run(partition="2024-01-01", name=DAILY, environment=None):
        graph = graph_of(tmp_path / "project", environment)
        with make_engine(graph) as engine:
            built = engine.snapshot().ledger.built.get(name, {})
            engine.hold(name)
            return roll_back(graph.models[name], engine, built, run_id="back", partition=partition)

    return run


@pytest.fixture
def look(tmp_path, make_engine):
    """The plan of the project that was built last, or of another one in its place, and its status."""

    def run(given=None, **more):
        graph = graph_of(write_files(tmp_path / "project", given) if given else tmp_path / "project")
        with make_engine(graph) as engine:
            snapshot = engine.snapshot()
            plan = make_plan(graph, snapshot, selected=list(graph.models), **more)
            return plan, status_of(graph, plan, snapshot.ledger)

    return run


def test_the_rows_before_are_back_and_those_of_other_days_stay(warehouse, build, take_back):
    build(GOOD)
    first = stamps(warehouse)
    build(BAD)
    second = stamps(warehouse)

    done = take_back()

    assert stamps(warehouse) == {"20240101": first["20240101"], "20240102": second["20240102"]}
    assert len(first["20240101"]) == 3
    assert len(second["20240102"]) == 2
    assert done.problem is None
    row = warehouse.ledger[-1]
    assert (row["outcome"], row["run_id"], row["rows"]) == ("rolled_back", "back", 3)
    assert row["message"] == "from the 2 rows of run r1 to the 3 of run r1"
    built = [each for each in warehouse.ledger if each["outcome"] == "built" and each["partition"] == "2024-01-01"]
    assert (row["fingerprint"], row["inputs"]) == (built[1]["fingerprint"], built[1]["inputs"])
    assert row["checksum"] == built[0]["checksum"]
    assert not [name for name in warehouse.stored if "staging" in name]


def test_what_was_rolled_back_is_held_and_not_built_again(build, take_back, look):
    build(GOOD)
    build(BAD)
    take_back()

    plan, status = look()

    assert not plan.steps
    held = plan.exempt[DAILY]["2024-01-01"]
    assert held.policy is Policy.HELD
    assert held.detail == "from the 2 rows of run r1 to the 3 of run r1"
    assert status.models[0].states == {"2024-01-01": State.HELD, "2024-01-02": State.FRESH}


def test_other_sql_other_inputs_or_being_asked_for_end_that(warehouse, build, take_back, look):
    build(GOOD)
    build(BAD)
    take_back()

    full, _ = look(full=True)
    rewritten, _ = look(GOOD)
    look(BAD)
    warehouse.stored["acme.lake.events"].put("20240101", [{"day": "2024-01-01"}], 1)
    late, _ = look()

    assert full.stale[DAILY]["2024-01-01"].reason is Reason.FULL
    assert rewritten.stale[DAILY]["2024-01-01"].reason is Reason.LOGIC
    assert {each: why.reason for each, why in late.stale[DAILY].items()} == {"2024-01-01": Reason.INPUT}


def test_built_again_it_has_one_version_and_is_fresh(warehouse, build, take_back, look):
    build(GOOD)
    build(BAD)
    take_back()
    build(BAD, full=True)

    plan, status = look()

    assert not plan.steps
    assert set(status.models[0].states.values()) == {State.FRESH}
    assert [len(set(each)) for each in stamps(warehouse).values()] == [1, 1]
    assert [len(each) for each in stamps(warehouse).values()] == [2, 2]


def test_going_back_twice_leads_one_build_further(warehouse, build, take_back):
    build(GOOD)
    build(BAD)
    build(WORSE)

    found = [len(stamps(warehouse)["20240101"])]
    for _ in range(2):
        assert take_back().problem is None
        found.append(len(stamps(warehouse)["20240101"]))
    refused = take_back()

    assert found == [1, 2, 3]
    assert refused.problem.code.id == "R513"
    assert "the ledger knows of no rows that it had before" in refused.problem.message
    assert len(stamps(warehouse)["20240101"]) == 3


def test_what_has_no_way_back_says_why(warehouse, build, take_back):
    build(GOOD)

    never = take_back("2023-12-31")
    warehouse.stored["acme.marts.daily"].put("20240102", [{"day": "2024-01-02", "part": 0, "stamp": 9}], 7)
    touched = take_back("2024-01-02")

    assert "marts.daily@2023-12-31 is not rolled back: the ledger knows of no rows" in never.problem.message
    assert "someone else has changed its rows" in touched.problem.message
    assert [row["outcome"] for row in warehouse.ledger] == ["built", "built"]


def test_a_refusal_of_bigquery_leaves_the_rows_as_they_are(warehouse, build, take_back):
    build(GOOD)
    build(BAD)
    before = stamps(warehouse)
    warehouse.job_errors["build"] = ["invalidQuery"]

    done = take_back()

    assert "it failed: invalidQuery" in done.problem.message
    assert stamps(warehouse) == before


def test_rows_in_between_that_the_ledger_does_not_know_are_named(warehouse, build, take_back):
    build(GOOD)
    now = warehouse._now()
    warehouse.stored["acme.marts.daily"].put("20240101", [{"day": "2024-01-01", "part": 7, "stamp": 1}], now)
    build(BAD)

    done = take_back()

    assert done.row.message.startswith("from the 2 rows of run r1 to the 1 of run r1, as they stood at 20")
    assert [row["part"] for row in warehouse.rows_of("acme.marts.daily")["20240101"]] == [7]


def test_a_week_comes_back_as_one(warehouse, build, take_back):
    def weekly(least):
        sql = f"SELECT day, part, COUNT(*) AS stamp FROM lake.events WHERE part > {least} GROUP BY day, part"
        partition = {"by": "day", "grain": "isoweek", "from": "2024-01-01", "to": "2024-01-15"}
        return files("2024-01-01", "2024-01-15", sql=sql, partition=partition)

    build(weekly(0))
    first = stamps(warehouse)
    build(weekly(1))
    take_back("2024-01-08")

    found = stamps(warehouse)
    assert {id_: rows for id_, rows in found.items() if id_ >= "20240108"} == {
        id_: rows for id_, rows in first.items() if id_ >= "20240108"
    }
    assert [len(rows) for id_, rows in found.items() if id_ < "20240108"] == [1] * 7


def test_a_table_without_partitions_comes_back(warehouse, build, take_back):
    def whole(least):
        sql = f"SELECT part, COUNT(*) AS stamp FROM lake.events WHERE part > {least} GROUP BY part"
        return {"aggregator.yml": PROJECT_FILE, "models/lake/events.yml": GOOD["models/lake/events.yml"]} | {
            "models/marts/totals.sql": model(sql)
        }

    totals = TableName("marts", "totals")
    warehouse.fields = warehouse.fields[1:]
    warehouse.compute = lambda sql, _: [{"part": part} for part in range(2 if "part > 1" in sql else 1, 3)]
    build(whole(0))
    first = stamps(warehouse, "acme.marts.totals")
    build(whole(1))
    assert stamps(warehouse, "acme.marts.totals") != first

    take_back("", totals)

    assert stamps(warehouse, "acme.marts.totals") == first


def test_what_reads_it_is_built_from_the_rows_that_are_back(build, take_back, look):
    reader = {
        "models/marts/reader.sql": model(
            "SELECT * FROM marts.daily", partition=daily("day", "2024-01-01", "2024-01-03")
        )
    }
    build(GOOD | reader)
    build(BAD | reader)
    take_back()

    plan, _ = look()

    assert [(str(step.model), step.partitions) for step in plan.steps] == [("marts.reader", ("2024-01-01",))]


def test_a_volatile_table_is_held_too(build, take_back, look):
    build(files("2024-01-01", "2024-01-03", volatile=True))
    bad = {key: text for key, text in BAD.items() if key != "models/marts/daily.sql"}
    sql = "SELECT day, part, COUNT(*) AS stamp FROM lake.events WHERE part > 0 GROUP BY day, part"
    build(
        bad
        | {
            "models/marts/daily.sql": files("2024-01-01", "2024-01-03", sql=sql, volatile=True)[
                "models/marts/daily.sql"
            ]
        }
    )
    take_back()

    plan, _ = look()

    assert {each: why.reason for each, why in plan.stale[DAILY].items()} == {"2024-01-02": Reason.EXPIRED}


def test_rows_of_another_environment_are_not_ours_to_take_back(build, take_back):
    build(GOOD)
    build(BAD)

    with pytest.raises(NotHereError, match="read from another environment"):
        take_back(environment="dev")


def test_rows_of_more_than_seven_days_ago_are_gone(tmp_path):
    graph = graph_of(write_files(tmp_path, GOOD))
    now = dt.datetime(2024, 1, 20, tzinfo=dt.UTC)
    write = write_for(graph.models[DAILY], Step(DAILY, ("2024-01-01",), Stale(Reason.FULL)), {})

    with pytest.raises(NotHereError, match="at most seven days"):
        earlier(write, now - dt.timedelta(days=7, seconds=1), now)
    kept = earlier(write, now - dt.timedelta(days=7), now)
    assert kept.query == (
        "SELECT * FROM `marts`.`daily` FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-13 00:00:00.000000+00'"
        " WHERE `day` >= @start AND `day` < @end"
    )


def test_the_command_takes_back_partitions_or_a_run(warehouse, build, start):
    build(GOOD)
    running = start(BAD, "run", "--run-id", "bad")
    assert running.communicate()[1] == ""
    one = start(BAD, "rollback", "marts.daily@2024-01-02", "--format", "json")
    told = one.communicate()[0]
    rest = start(BAD, "rollback", "--run", "bad")
    said = rest.communicate()[0]

    assert (one.returncode, rest.returncode) == (0, 0)
    assert as_json(told) == [
        {
            "model": "marts.daily",
            "partition": "2024-01-02",
            "rows": 3,
            "message": "from the 2 rows of run bad to the 3 of run r1",
            "is_rolled_back": True,
        }
    ]
    assert said.splitlines()[0] == (
        "marts.daily@2024-01-01 is rolled back, from the 2 rows of run bad to the 3 of run r1"
    )
    assert [len(each) for each in stamps(warehouse).values()] == [3, 3]

    again = start(BAD, "rollback", "--run", "bad")
    assert "no rows that are there now were written by a run bad" in again.communicate()[1]
    assert again.returncode == 2
    planned = start(BAD, "plan")
    lines = planned.communicate()[0].splitlines()
    assert lines[0] == (
        "held: marts.daily@2024-01-01 was rolled back from the 2 rows of run bad to the 3 of run r1; "
        "1 more of it like this"
    )
    first = start(BAD, "rollback", "marts.daily@2024-01-01")
    assert "R513" in first.communicate()[1]
    assert first.returncode == 1
