"""The map ``latest``: of a few input partitions the newest that has rows, and what follows for those that read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st
from lab import Lab, built, daily, graph_of, messages, model, name, planned, source, statuses
from ready_duckdb import prepared
from test_maps import AROUND, calendars, moments

from aggregator.compile.filters import chosen_sql
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import PartitionMap, Reach
from aggregator.core.plan import Obstacle
from aggregator.core.warehouse import Outcome
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.plan.due import due_partitions
from aggregator.plan.latest import Latest
from aggregator.plan.reads import reads_through
from aggregator.plan.refused import refusals
from aggregator.plan.scheduled import awaited, awaited_latest, missing
from aggregator.run.codes import BLOCKED, NOTHING_TO_READ

READER, READ = name("marts.by_city"), name("lake.shops")
PARAMETERS = ("latest_1_start", "latest_1_end")
SQL = "SELECT s.day, p.city, SUM(s.n) AS n FROM lake.sales AS s, lake.shops AS p GROUP BY s.day, p.city"


def days(first: int, last: int) -> list[str]:
    return [f"2024-01-{day:02}" for day in range(first, last + 1)]


def files(length: str = "3 days", **front: object) -> dict[str, str]:
    inputs = front.pop("inputs", {"lake.shops": {"latest": length}})
    sales = source({"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01", "2024-01-09"))
    return {
        "models/lake/sales.yml": sales,
        "models/lake/shops.yml": source({"day": "DATE", "city": "STRING"}, partition=daily("day", "2023-12-01")),
        "models/marts/by_city.sql": model(SQL, partition=daily("day", "2024-01-03"), inputs=inputs, **front),
        "models/marts/total.sql": model(
            "SELECT day, SUM(n) AS n FROM marts.by_city GROUP BY day", partition=daily("day", "2024-01-03")
        ),
    }


def shop(day: int, city: str) -> str:
    return f"INSERT INTO lake.shops VALUES (DATE '2024-01-{day:02}', '{city}')"


@pytest.fixture
def lab(tmp_path):
    """Sales of January 1 to 8, and the shops as they were on the 2nd and the 5th; nothing is built."""
    lab = Lab.at(tmp_path, graph_of(tmp_path / "project", files()))
    with lab.engine():
        pass
    lab.execute(
        *("CREATE SCHEMA lake", "CREATE TABLE lake.sales (day DATE, n BIGINT)"),
        "CREATE TABLE lake.shops (day DATE, city VARCHAR)",
        *(f"INSERT INTO lake.sales VALUES (DATE '{day}', 1)" for day in days(1, 8)),
        *(shop(2, "Rome"), shop(5, "Paris")),
    )
    return lab


def cities(lab: Lab) -> dict[int, str]:
    return {day.day: city for day, city, _ in lab.rows("marts.by_city")}


def read(lab: Lab, day: int, table: str = "lake.shops") -> list[str]:
    """The partitions of a table that the ledger names for a day."""
    inputs = json.loads(lab.ledger().built[READER][f"2024-01-{day:02}"].inputs)
    return [each["partition"] for each in inputs if each["table"] == table]


@hypothesis.settings(max_examples=150, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(
    source=calendars(),
    day=st.sampled_from(sorted(AROUND.values())),
    hours=st.integers(-30, 30),
)
def test_the_filter_lets_through_the_chosen_partition_and_no_other(source, day, hours):
    partition = source.grain.floor(datetime.fromisoformat(day) + timedelta(hours=hours))
    map_ = PartitionMap(Reach.LATEST, 1, source.grain.unit)
    latest = Latest(READ, map_, source, reads_through(map_, source, source), PARAMETERS)
    with prepared(duckdb.connect()) as db:
        table = moments(db, source.type, partition.replace(hour=0))
        query = to_duckdb(f"SELECT moment FROM {table} WHERE {chosen_sql(source, PARAMETERS)}")
        found = db.execute(
            f"SELECT DISTINCT strftime(moment, '%Y-%m-%dT%H') FROM ({query})",
            latest.values(source.id(partition)),
        )

        assert {source.id(source.grain.floor(datetime.fromisoformat(row[0]))) for row in found.fetchall()} == {
            source.id(partition)
        }


@pytest.mark.parametrize(
    ("there", "chosen", "deciding"),
    [
        pytest.param(days(1, 9), "2024-01-05", days(5, 5), id="mine, and not a later one"),
        pytest.param(days(1, 4), "2024-01-04", days(4, 5), id="the one before mine"),
        pytest.param(days(1, 3), "2024-01-03", days(3, 5), id="the oldest of three"),
        pytest.param(days(1, 2), None, days(3, 5), id="what is too old is not there"),
        pytest.param(days(6, 9), None, days(3, 5), id="nor what is too new"),
    ],
)
def test_the_newest_that_has_rows_is_chosen(there, chosen, deciding):
    calendar = Calendar("day", ColumnType.DATE, Grain.DAY, "UTC")
    map_ = PartitionMap(Reach.LATEST, 3, Grain.DAY)
    latest = Latest(READ, map_, calendar, reads_through(map_, calendar, calendar), PARAMETERS)

    assert latest.chosen("2024-01-05", there.__contains__) == chosen
    assert latest.deciding("2024-01-05", there.__contains__) == tuple(deciding)


def test_the_latest_is_read_and_written_to_the_ledger(lab):
    report = lab.run()

    assert cities(lab) == {3: "Rome", 4: "Rome", 5: "Paris", 6: "Paris", 7: "Paris"}
    assert [read(lab, day) for day in range(3, 8)] == [["2024-01-02"]] * 2 + [["2024-01-05"]] * 3
    assert {
        day: status for (table, day), status in statuses(report).items() if table == "marts.by_city"
    } == dict.fromkeys(days(3, 7), "built") | {"2024-01-08": "failed"}


def test_a_newer_one_makes_stale_those_that_would_read_it(lab):
    lab.run()
    lab.execute(shop(6, "Oslo"), shop(1, "Bern"), shop(9, "Kyiv"))
    plan = lab.plan()

    found = {day: stale for day, stale in plan.stale[READER].items() if day != "2024-01-08"}
    assert list(found) == days(6, 7)
    assert found["2024-01-07"].upstream == "lake.shops@2024-01-06"
    assert "2024-01-05 was the latest when it was read" in found["2024-01-07"].detail
    lab.run()
    assert cities(lab) == {3: "Rome", 4: "Rome", 5: "Paris", 6: "Oslo", 7: "Oslo", 8: "Oslo"}


def test_one_that_is_gone_gives_way_to_the_one_before(lab):
    lab.execute(shop(4, "Bern"))
    lab.run()
    lab.execute("DELETE FROM lake.shops WHERE city = 'Paris'")
    found = lab.plan().stale[READER]

    assert list(found) == days(5, 8)
    assert (found["2024-01-05"].upstream, found["2024-01-05"].detail) == (
        "lake.shops@2024-01-05",
        "lake.shops@2024-01-05 has no rows any more (had 1)",
    )
    lab.run()
    assert cities(lab) == {3: "Rome", 4: "Bern", 5: "Bern", 6: "Bern", 7: "Paris"}, "the 7th keeps its rows"


def test_where_nothing_is_there_nothing_is_built_and_the_reason_said(lab):
    with lab.engine() as engine:
        plan, snapshot = lab.plan_on(engine), engine.snapshot()
        (refused,) = refusals(lab.graph, snapshot, plan)
    report = lab.run()

    assert (refused.first, refused.last, refused.obstacle) == ("2024-01-08", "2024-01-08", Obstacle.NOTHING)
    assert [each.problem.code for each in report.results if each.problem] == [NOTHING_TO_READ, BLOCKED]
    assert messages(report)[0] == (
        "marts.by_city@2024-01-08: lake.shops has no rows from 2024-01-06 to 2024-01-08 (latest: 3 days); "
        "nothing was written"
    )
    lab.execute(shop(7, "Oslo"))
    made = built(lab.run())
    assert made == {("marts.by_city", "2024-01-07"), ("marts.by_city", "2024-01-08"), ("marts.total", "2024-01-08")}
    assert planned(lab.plan()) == {}


def test_the_end_of_a_source_is_the_end_of_what_reads_the_latest_of_it(tmp_path):
    made = files() | {
        "models/lake/shops.yml": source(
            {"day": "DATE", "city": "STRING"}, partition=daily("day", "2023-12-01", "2024-01-04")
        )
    }
    due = due_partitions(graph_of(tmp_path, made), datetime(2025, 1, 1, tzinfo=UTC))

    assert due[READER] == tuple(days(3, 5)), "January 3 is the last day of shops, and may be three days old"


def test_what_was_made_from_one_that_is_gone_is_kept_if_so_declared(lab, tmp_path):
    lab = lab.on(graph_of(tmp_path / "keeps", files(inputs={"lake.shops": {"latest": "3 days", "gone": "keep"}})))
    lab.run()
    lab.execute("DELETE FROM lake.shops WHERE city = 'Rome'")

    assert list(lab.plan().stale[READER]) == ["2024-01-08"]
    assert set(lab.plan().exempt[READER]) == set(days(3, 4))


def test_accepted_logic_does_not_hide_a_newer_partition(lab, tmp_path):
    lab.run()
    other = files(on_change="accept")
    other["models/marts/by_city.sql"] = other["models/marts/by_city.sql"].replace("SUM(s.n)", "SUM(s.n + 1)")
    lab.execute(shop(6, "Oslo"))
    lab = lab.on(graph_of(tmp_path / "other", other))
    plan = lab.plan()

    assert set(plan.stale[READER]) == set(days(6, 8))
    assert set(plan.exempt[READER]) == set(days(3, 5))
    lab.run()
    rows = [row.outcome for _, row in sorted(lab.ledger().built[READER].items())]
    assert rows == [Outcome.ACCEPTED] * 3 + [Outcome.BUILT] * 3
    assert planned(lab.plan()) == {}


def test_a_model_that_is_to_be_built_may_become_the_latest(tmp_path):
    made = files(inputs={"staging.shops": {"latest": "3 days"}})
    made["models/marts/by_city.sql"] = made["models/marts/by_city.sql"].replace("lake.shops", "staging.shops")
    made["models/staging/shops.sql"] = model(
        "SELECT day, UPPER(city) AS city FROM lake.shops", partition=daily("day", "2024-01-01")
    )
    lab = Lab.at(tmp_path, graph_of(tmp_path / "project", made))
    with lab.engine():
        pass
    lab.execute(
        *("CREATE SCHEMA lake", "CREATE TABLE lake.sales (day DATE, n BIGINT)"),
        "CREATE TABLE lake.shops (day DATE, city VARCHAR)",
        *(f"INSERT INTO lake.sales VALUES (DATE '{day}', 1)" for day in days(1, 8)),
        *(shop(day, "Rome") for day in range(2, 9)),
    )
    now = datetime(2024, 1, 9, tzinfo=UTC)
    assert lab.run(now=now).is_clean
    lab.execute(
        "UPDATE lake.shops SET city = 'rome' WHERE day = DATE '2024-01-06'",
        "DELETE FROM lake.shops WHERE day = DATE '2024-01-08'",
    )
    plan = lab.plan(now=now)

    found = plan.stale[READER]
    assert {day: (each.reason, each.pending) for day, each in found.items()} == {
        "2024-01-06": ("input", True),
        "2024-01-08": ("input", True),
    }
    assert statuses(lab.run(now=now))["marts.by_city", "2024-01-06"] == "fresh", "upper case is what it was"
    assert read(lab, 8, "staging.shops") == ["2024-01-07"]


def test_a_wait_is_for_any_of_them(lab):
    with lab.engine() as engine:
        snapshot = engine.snapshot()

    assert awaited(lab.graph, READER, days(3, 8), READ) == ()
    assert awaited_latest(lab.graph, snapshot, READER, days(3, 7), READ) == ()
    lab.execute("DELETE FROM lake.shops")
    with lab.engine() as engine:
        empty = engine.snapshot()
    wanted = awaited_latest(lab.graph, empty, READER, ["2024-01-07"], READ)
    assert wanted == ("2024-01-07",)
    assert missing(lab.graph, empty, READ, wanted) is not None
