"""Aggregates and roll-ups from files to tables: what is built, compared with rows, damaged, and built again."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lab import Lab, daily, graph_of, model, planned, same_rows, source

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.run.verify import Verification, Verified, verification, verified

FIRST, END = datetime.fromisoformat("2013-01-01"), datetime.fromisoformat("2013-04-10")
COLUMNS = {"day": "DATE", "k": "STRING", "plane": "STRING", "minutes": "INT64", "price": "FLOAT64", "at": "INT64"}
MEASURES: dict[str, dict[str, Any]] = {
    "flights": {"count": "*"},
    "late": {"countif": "minutes > 15"},
    "total": {"sum": "minutes"},
    "revenue": {"sum": "price"},
    "least": {"min": "minutes"},
    "most": {"max": "minutes"},
    "always": {"logical_and": "minutes > -60"},
    "ever": {"logical_or": "minutes > 60"},
    "bits": {"bit_xor": "minutes"},
    "delay": {"avg": "minutes"},
    "share": {"ratio": {"num": "COUNTIF(minutes > 15)", "den": "COUNT(minutes)"}},
    "spread": {"stddev": "minutes"},
    "newest": {"last": "plane", "by": ["day", "at"]},
    "stock": {"last": "minutes", "by": "at + 100 * UNIX_DATE(day)", "over_time": "last"},
    "mean_stock": {"last": "minutes", "by": "at", "over_time": "avg"},
    "planes": {"distinct": "plane"},
    "exact_planes": {"distinct": "plane", "method": "exact_set"},
    "median": {"quantile": "minutes", "phi": 0.5},
    "price_p90": {"quantile": "price", "phi": 0.9, "method": "kll"},
    "commonest": {"top": "plane", "n": 2},
}
DAYS = {"active": {"distinct": "plane", "method": "active_days"}}
ROLLING = {name: {**MEASURES, **DAYS}[name] for name in ("flights", "stock", "active")}
ROLLUPS = {
    "monthly": {"of": "marts.daily", "to": "month"},
    "by_k": {"of": "marts.monthly", "to": "month", "dimensions": ["k"]},
    "weekly": {"of": "marts.daily", "to": "isoweek", "dimensions": ["k"], "measures": [*ROLLING, "delay", "median"]},
    "quarterly": {"of": "marts.monthly", "to": "quarter", "dimensions": [], "measures": [*MEASURES]},
    "recent": {"of": "marts.late", "to": {"rolling": "28 days"}, "dimensions": ["k"]},
    "recent_total": {"of": "marts.recent", "to": "day", "dimensions": []},
    "running": {"of": "marts.daily", "to": "month", "dimensions": ["k"], "measures": [*ROLLING], "complete": "partial"},
}


def facts(seed: int = 7) -> list[tuple[Any, ...]]:
    """Rows of most days: NULLs, ties, and days on which there is nothing."""
    random = Random(seed)
    rows: list[tuple[Any, ...]] = []
    for number in range((END - FIRST).days):
        day = f"{FIRST + timedelta(days=number):%Y-%m-%d}"
        for _ in range(random.choice([0, 1, 3, 6])):
            plane = random.choice(["", "N1", "N2", "N3", "N4", None])
            minutes = random.choice([None, *range(-5, 5), random.randrange(-30, 90)])
            price = random.choice([None, 0.1, 0.2, 0.3, random.random()])
            rows.append((day, random.choice(["a", "b", None]), plane, minutes, price, random.randrange(3)))
    return rows


def write(root: Path, rows: list[tuple[Any, ...]]) -> None:
    (root / "data").mkdir(parents=True, exist_ok=True)
    with (root / "data" / "facts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([["NULL" if each is None else each for each in row] for row in rows])


def aggregate(start: str, measures: dict[str, dict[str, Any]]) -> str:
    sql = "SELECT day, k, plane, minutes, price, at FROM lake.facts"
    return model(sql, partition=daily("day", start), dimensions=["day", "k", "plane"], measures=measures)


def project(root: Path, end: datetime = END) -> Graph:
    local = {"file": "data/facts.csv", "null": "NULL"}
    files = {
        "models/lake/facts.yml": source(COLUMNS, partition=daily("day", "2013-01-01", f"{end:%F}"), local=local),
        "models/marts/daily.sql": aggregate("2013-01-01", {**MEASURES, **DAYS}),
        "models/marts/late.sql": aggregate("2013-02-20", ROLLING),
    }
    for name, declared in ROLLUPS.items():
        lines = {"description": "Rolled up.", "owner": "a@example.com", "rollup": declared}
        files[f"models/marts/{name}.yml"] = "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())
    return graph_of(root, files)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, built once."""
    root = tmp_path_factory.mktemp("year") / "project"
    write(root, facts())
    assert Lab(project(root)).run().is_clean
    return root


@pytest.fixture
def lab(year: Path, tmp_path: Path) -> Lab:
    """A copy of it that may be damaged."""
    shutil.copytree(year, tmp_path / "project")
    return Lab(project(tmp_path / "project"))


def how(lab: Lab, name: str) -> Verification:
    found = verification(lab.graph, TableName("marts", name))
    assert isinstance(found, Verification), found
    return found


def compared(lab: Lab, *names: str) -> dict[str, list[Verified]]:
    """Every partition of some roll-ups, beside the rows that it is made of."""
    with lab.engine() as engine:
        there = engine.snapshot().versions
        return {
            name: [verified(engine, how(lab, name), each) for each in sorted(there[TableName("marts", name)])]
            for name in names
        }


def wrong(lab: Lab, *names: str) -> list[tuple[str, Verified]]:
    found = compared(lab, *names)
    return [(name, each) for name, several in found.items() for each in several if not each.is_right]


def test_every_partition_of_every_rollup_is_right(lab: Lab):
    found = compared(lab, *ROLLUPS)
    groups = {name: sum(each.groups for each in several) for name, several in found.items()}

    assert {name: len(several) for name, several in found.items()} == {
        "monthly": 3,
        "by_k": 3,
        "weekly": 13,
        "quarterly": 1,
        "recent": 22,
        "recent_total": 22,
        "running": 4,
    }
    assert min(groups.values()) > 0
    assert not [(name, each) for name, several in found.items() for each in several if not each.is_right]
    assert {how(lab, name).question.unchecked for name in ROLLUPS} == {(), ("mean_stock",)}


def test_what_no_question_compares(lab: Lab):
    """A mean over the days of a month, and who came back, from the rows."""
    days = (datetime.fromisoformat("2013-02-01") - FIRST).days
    rows = [row for row in facts() if row[0] < "2013-02" and row[1] == "a"]
    last: dict[tuple[str, str | None], tuple[int, int]] = {}
    for day, _, plane, minutes, _, at in rows:
        if minutes is not None:
            moment, total = last.get((day, plane), (at, 0))
            last[day, plane] = (at, minutes) if at > moment else (moment, total + minutes if at == moment else total)
    recent = {row[2] for row in rows if row[0] > "2013-01-24"} - {None}
    before = {row[2] for row in rows if "2013-01-17" < row[0] <= "2013-01-24"} - {None}
    ((mean, returned),) = lab.query(
        "SELECT mean_stock, active_returned_7d FROM marts.by_k WHERE month = '2013-01-01' AND k = 'a'"
    )

    assert recent & before
    assert len(recent & before) == returned
    assert sum(total for _, total in last.values()) / days == pytest.approx(mean, rel=1e-15)


DAMAGE = {
    "flights": "flights = flights + 1",
    "late": "late = NULL",
    "total": "total = total - 1",
    "revenue": "revenue = revenue + 0.001",
    "least": "least = least - 1",
    "always": "always = NULL",
    "delay": "delay__sum = delay__sum + 1",
    "share": "share__den = share__den + 1",
    "spread": "spread__m2 = spread__m2 * 1.001",
    "newest": "newest = 'N9'",
    "stock": "stock = stock + 1",
    "planes": "planes__hll = list_append(planes__hll, 1)",
    "exact_planes": "exact_planes__values = list_append(exact_planes__values, 'N9')",
    "median": "median__counts = NULL",
    "price_p90": "price_p90__kll = NULL",
    "commonest": "commonest__counts = []",
    "active": "active__days = []",
}


LARGEST = "rowid = (SELECT max_by(rowid, flights) FROM marts.by_k WHERE month = '2013-03-01')"


@pytest.mark.parametrize(
    "measures",
    [pytest.param([*DAMAGE], id="all of them"), *(pytest.param([each], id=each) for each in ("delay", "planes"))],
)
def test_numbers_that_were_damaged(lab: Lab, measures: list[str]):
    """Also what is kept beside them, though what people read is still as it was."""
    lab.execute(f"UPDATE marts.by_k SET {', '.join(DAMAGE[each] for each in measures)} WHERE {LARGEST}")
    ((_, month),) = wrong(lab, "by_k")

    assert (month.partition, month.missing, month.surplus) == ("2013-03", 0, 0)
    assert {
        each.measure.partition("_1d")[0].removesuffix("_7d").removesuffix("_28d") for each in month.differences
    } == {*measures}
    assert {each.groups for each in month.differences} == {1}


@pytest.mark.parametrize(
    ("damage", "missing", "surplus"),
    [
        pytest.param("DELETE FROM marts.by_k WHERE month = '2013-03-01' AND k = 'a'", 1, 0, id="gone"),
        pytest.param(
            "INSERT INTO marts.by_k SELECT * REPLACE ('c' AS k) FROM marts.by_k WHERE month = '2013-03-01' AND k = 'a'",
            0,
            1,
            id="made up",
        ),
        pytest.param("INSERT INTO marts.by_k FROM marts.by_k WHERE month = '2013-03-01' AND k = 'a'", 0, 1, id="twice"),
    ],
)
def test_groups_that_were_damaged(lab: Lab, damage: str, missing: int, surplus: int):
    lab.execute(damage)
    ((_, month),) = wrong(lab, "by_k")

    assert (month.partition, month.missing, month.surplus) == ("2013-03", missing, surplus)


def test_a_late_day(lab: Lab):
    """What contains the day is built again, and nothing else."""
    rows = [*facts(), ("2013-03-02", "a", "N5", 77, 9.5, 9)]
    write(lab.graph.project.root, rows)
    windows = [f"{datetime.fromisoformat('2013-03-19') + timedelta(days=number):%Y-%m-%d}" for number in range(11)]

    assert planned(lab.plan()).keys() == {
        ("marts.daily", "2013-03-02"),
        ("marts.late", "2013-03-02"),
        ("marts.weekly", "2013-02-25"),
        ("marts.monthly", "2013-03"),
        ("marts.by_k", "2013-03"),
        ("marts.running", "2013-03"),
        ("marts.quarterly", "2013-01"),
        *(("marts.recent", day) for day in windows),
        *(("marts.recent_total", day) for day in windows),
    }
    assert lab.run().is_clean
    assert not planned(lab.plan())
    assert lab.query("SELECT most FROM marts.daily WHERE plane = 'N5'") == [(77,)]
    assert not wrong(lab, "weekly", "quarterly", "running", "recent_total")


def test_days_built_one_by_one_are_the_same(lab: Lab, tmp_path: Path):
    single = Lab.at(tmp_path / "single", lab.graph).one_by_one()
    names = ["marts.daily", "marts.monthly"]
    march = datetime.fromisoformat("2013-03-01"), datetime.fromisoformat("2013-04-01")

    assert not any(lab.graph.models[TableName(*name.split("."))].one_by_one for name in names)
    assert single.run(select=names, interval=march).is_clean
    for name, column in zip(names, ("day", "month"), strict=True):
        whole = lab.query(f"FROM {name} WHERE {column} >= '2013-03-01' AND {column} < '2013-04-01' ORDER BY ALL")
        assert same_rows(whole, single.rows(name))


def test_the_running_month_is_there_as_far_as_it_goes(lab: Lab):
    """It says how far, and is complete when the month is."""
    days = "SELECT DISTINCT n_days FROM marts.running WHERE month = '2013-04-01'"
    begun = len({row[0] for row in facts() if row[0] >= "2013-04"})
    before = lab.query(days)
    later = project(lab.graph.project.root, datetime.fromisoformat("2013-05-01"))
    write(lab.graph.project.root, [*facts(), *((f"2013-04-{day}", "b", "N1", 1, 1.0, 1) for day in range(10, 31))])
    report = lab.on(later).run()

    assert [(begun,)] == before
    assert report.is_clean
    assert [(begun + 21,)] == lab.query(days)
    assert lab.query("SELECT COUNT(*) > 0 FROM marts.monthly WHERE month = '2013-04-01'") == [(True,)]
    assert not wrong(lab.on(later), "running", "monthly")
