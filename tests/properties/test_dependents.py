"""After one partition of a source changed, exactly what depends on it is built again; equal content stops the rest."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import zoo
from lab import Lab, graph_of, planned, statuses

START = datetime.fromisoformat("2013-10-28")
EVERY_DAY = [(START + timedelta(days=each)).isoformat()[:10] for each in range(zoo.DAYS)]
Key = tuple[str, str]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A warehouse in which everything is fresh: two kinds a day, two events a day."""
    graph = graph_of(tmp_path_factory.mktemp("project"), zoo.files(START))
    lab = Lab.at(tmp_path_factory.mktemp("fresh"), graph)
    zoo.fill(
        lab,
        {
            "lake.facts": [row for day in EVERY_DAY for row in ((day, "a", 1, 0.5), (day, "b", 2, 0.25))],
            "lake.other": [(day, "a", 7) for day in EVERY_DAY],
            "lake.events": [(f"{day} {hour}+00", "a", 1) for day in EVERY_DAY for hour in ("02:30", "17:30")],
            "lake.names": [("a", "first"), ("b", "second")],
        },
    )
    assert lab.run().is_clean
    return lab


@pytest.fixture
def lab(fresh: Lab, tmp_path: Path) -> Lab:
    shutil.copy(fresh.path, tmp_path)
    return Lab.at(tmp_path, fresh.graph)


def of(model: str, *partitions: str) -> set[Key]:
    return {(f"marts.{model}", partition) for partition in partitions}


def of_each(models: str, *partitions: str) -> set[Key]:
    return {key for model in models.split() for key in of(model, *partitions)}


def hours(first: str, count: int) -> list[str]:
    start = datetime.fromisoformat(first)
    return [(start + timedelta(hours=each)).isoformat()[:13] for each in range(count)]


OCTOBER = EVERY_DAY[:4]
NEXT = "2013-10-31"
ON_DAY = "by_day left_joined joined ranked both guarded"


@pytest.mark.parametrize(
    ("change", "built", "unchanged", "cut_off"),
    [
        pytest.param("UPDATE lake.facts SET n = n WHERE day = DATE '2013-10-30'", set(), set(), set(), id="nothing"),
        pytest.param(
            "UPDATE lake.facts SET n = 9 WHERE day = DATE '2013-10-30' AND k = 'b'",
            of_each("by_day left_joined ranked both guarded behind_guard", "2013-10-30")
            | of("last_three", "2013-10-30", NEXT, "2013-11-01")
            | of("day_before", "2013-10-30", NEXT)
            | of("so_far", *EVERY_DAY[2:])
            | of_each("whole labelled", "")
            | of("shares", *EVERY_DAY)
            | of("by_month", "2013-10")
            | of("of_month", *OCTOBER),
            of_each("joined kinds ever", "2013-10-30"),
            set(),
            id="a number, on which sums over days, weeks and months depend",
        ),
        pytest.param(
            "UPDATE lake.facts SET x = 8 WHERE day = DATE '2013-10-30' AND k = 'b'",
            of("by_day", "2013-10-30"),
            of_each("left_joined joined ranked both guarded kinds ever so_far shares of_month", "2013-10-30")
            | of("last_three", "2013-10-30", NEXT, "2013-11-01")
            | of("day_before", "2013-10-30", NEXT)
            | of_each("whole labelled", "")
            | of("by_month", "2013-10"),
            of("behind_guard", "2013-10-30")
            | of("so_far", *EVERY_DAY[3:])
            | of("shares", *EVERY_DAY) - of("shares", "2013-10-30")
            | of("of_month", *OCTOBER) - of("of_month", "2013-10-30"),
            id="a column that one model uses: what reads that model is built, and there it stops",
        ),
        pytest.param(
            "INSERT INTO lake.facts VALUES (DATE '2013-11-05', 'a', 0, NULL)",
            of_each("by_day left_joined joined ranked both ever guarded", "2013-11-05") | of("whole", ""),
            of_each("kinds last_three day_before so_far behind_guard", "2013-11-05")
            | of("labelled", "")
            | of("shares", *EVERY_DAY),
            set(),
            id="a row that adds nothing to any sum, on the last day",
        ),
        pytest.param(
            "DELETE FROM lake.other WHERE day = DATE '2013-10-30'",
            of_each("joined left_joined both", "2013-10-30") | of("ever", *EVERY_DAY),
            set(),
            set(),
            id="an input that one model reads by day and another whole",
        ),
        pytest.param(
            "UPDATE lake.names SET label = 'other' WHERE k = 'a'",
            of("shares", *EVERY_DAY) | of("labelled", ""),
            set(),
            set(),
            id="a table without partitions",
        ),
        pytest.param(
            "UPDATE lake.events SET n = 5 WHERE moment = TIMESTAMPTZ '2013-10-30 17:30+00'",
            of("by_hour", "2013-10-30T17")
            | of_each("days_of_new_york days_of_havana days_of_paris", "2013-10-30")
            | of("days_of_kolkata", "2013-10-30"),
            of("by_hour", *hours("2013-10-30T00", 24)) - of("by_hour", "2013-10-30T17")
            | of("local_hour", *hours("2013-10-29T20", 24))
            | of_each("days_of_new_york days_of_havana", "2013-10-29")
            | of_each("days_of_paris days_of_kolkata", NEXT),
            set(),
            id="a moment: the local days and hours that overlap its day in UTC",
        ),
        pytest.param(
            "UPDATE lake.facts SET day = DATE '2013-11-01' WHERE day = DATE '2013-10-30' AND k = 'a'",
            of_each("by_day left_joined joined ranked both ever guarded", "2013-10-30", "2013-11-01")
            | of("kinds", "2013-10-30")
            | of("last_three", "2013-10-30", NEXT, "2013-11-01", "2013-11-02", "2013-11-03")
            | of("day_before", "2013-10-30", NEXT, "2013-11-01", "2013-11-02")
            | of("so_far", "2013-10-30", NEXT)
            | of("shares", "2013-10-30", "2013-11-01")
            | of("by_month", "2013-10")
            | of("of_month", *OCTOBER),
            of("whole", "")
            | of_each("so_far kinds", "2013-11-01")
            | of("labelled", "")
            | of("behind_guard", "2013-10-30", "2013-11-01"),
            of("so_far", *EVERY_DAY[5:]) | of("shares", *EVERY_DAY) - of("shares", "2013-10-30", "2013-11-01"),
            id="a row moved from one day to another: the totals of later days are what they were",
        ),
        pytest.param(
            "DELETE FROM lake.facts WHERE day = DATE '2013-10-30'",
            of_each(f"{ON_DAY} kinds ever behind_guard day_before", "2013-10-30")
            | of("last_three", "2013-10-30", NEXT, "2013-11-01")
            | of("day_before", NEXT)
            | of("so_far", *EVERY_DAY[2:])
            | of_each("whole labelled", "")
            | of("shares", *EVERY_DAY)
            | of("by_month", "2013-10")
            | of("of_month", *OCTOBER),
            set(),
            set(),
            id="a day without rows: its partitions are emptied",
        ),
    ],
)
def test_exactly_the_dependents(lab: Lab, change: str, built: set[Key], unchanged: set[Key], cut_off: set[Key]):
    lab.execute(change)
    plan = lab.plan()
    ended = statuses(lab.run())

    def with_status(status: str) -> set[Key]:
        return {key for key, each in ended.items() if each == status}

    assert with_status("built") == built
    assert with_status("unchanged") == unchanged
    assert with_status("fresh") == cut_off
    assert ended.keys() == built | unchanged | cut_off
    assert planned(plan).keys() == ended.keys()
    assert lab.plan().steps == ()


DEPENDENTS = {table: {"input"} for table in ("marts.day_before", "marts.so_far", "marts.of_month")}


def test_emptied_partition_has_no_rows(lab: Lab):
    lab.execute("DELETE FROM lake.facts WHERE day = DATE '2013-10-30'")
    lab.run()

    assert lab.query("SELECT * FROM marts.by_day WHERE day = DATE '2013-10-30'") == []
    assert len(lab.rows("marts.by_day")) == 2 * (zoo.DAYS - 1)
    assert ("marts.by_day", "2013-10-30") in lab.recorded()
    assert lab.plan().steps == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            "UPDATE marts.by_day SET total = 0 WHERE day = DATE '2013-10-30'",
            {"marts.by_day": {"touched"}} | DEPENDENTS,
            id="rows edited by hand",
        ),
        pytest.param(
            "DELETE FROM marts.by_day WHERE day = DATE '2013-10-30'",
            {"marts.by_day": {"missing"}} | DEPENDENTS,
            id="rows deleted by hand",
        ),
        pytest.param(
            "DROP TABLE marts.whole", {"marts.whole": {"missing"}, "marts.shares": {"input"}}, id="a table dropped"
        ),
        pytest.param(
            "DELETE FROM _aggregator.ledger WHERE model = 'marts.kinds'",
            {"marts.kinds": {"unrecorded"}},
            id="no record",
        ),
        pytest.param(
            "DROP VIEW marts.totals", {"marts.totals": {"missing"}, "marts.labelled": {"input"}}, id="a view dropped"
        ),
        pytest.param(
            "CREATE OR REPLACE VIEW marts.totals AS SELECT k, 0 AS total FROM marts.by_day",
            {"marts.totals": {"touched"}, "marts.labelled": {"input"}},
            id="a view replaced by hand",
        ),
    ],
)
def test_what_others_did_is_noticed_and_mended(lab: Lab, fresh: Lab, change: str, expected: dict[str, set[str]]):
    lab.execute(change)
    reasons: dict[str, set[str]] = {}
    for (table, _), reason in planned(lab.plan()).items():
        reasons.setdefault(table, set()).add(reason)
    report = lab.run()

    assert {table: reasons.get(table) for table in expected} == expected
    assert report.is_clean
    assert lab.tables() == fresh.tables()
    assert lab.plan().steps == ()
