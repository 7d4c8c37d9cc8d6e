"""Tables by week and by quarter, built from days: their rows are those that the arithmetic gives."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from lab import Lab, daily, graph_of, model, source

from aggregator.cli import main
from aggregator.core.calendar import Grain

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASE = GOLDEN / "partitions" / "weeks-and-quarters" / "project"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "common" / "project", tmp_path, dirs_exist_ok=True)
    shutil.copytree(CASE, tmp_path, dirs_exist_ok=True)
    assert main(["run", "--quiet", "--project", str(tmp_path)]) == 0
    return tmp_path


def rows(project: Path, table: str) -> list[tuple[date, str, int]]:
    with duckdb.connect(project / ".aggregator" / "local.duckdb", read_only=True) as db:
        return db.execute(f"FROM {table} ORDER BY ALL").fetchall()


def flown() -> list[tuple[datetime, str, int]]:
    with (CASE / "data" / "departures.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    return [(datetime.fromisoformat(each["flight_date"]), each["carrier"], int(each["seats"])) for each in lines]


def seats(grain: Grain, first: str, end: str, weeks: int = 1) -> list[tuple[date, str, int]]:
    """The seats of each carrier in each partition, and in the weeks before it."""
    sums: Counter[tuple[date, str]] = Counter()
    for start in grain.range(datetime.fromisoformat(first), datetime.fromisoformat(end)):
        begin, over = grain.shift(start, 1 - weeks), grain.shift(start, 1)
        for day, carrier, number in flown():
            if begin <= day < over:
                sums[start.date(), carrier] += number
    return sorted((*key, number) for key, number in sums.items())


def test_rows(project: Path):
    weekly = seats(Grain.ISOWEEK, "2009-12-28", "2010-01-18")

    assert weekly[:2] == [(date(2009, 12, 28), "AA", 3), (date(2009, 12, 28), "UA", 120)]
    assert rows(project, "marts.weekly") == weekly
    assert rows(project, "marts.quarterly") == seats(Grain.QUARTER, "2010-01-01", "2010-07-01")
    assert rows(project, "marts.two_weeks") == seats(Grain.ISOWEEK, "2010-01-04", "2010-01-18", weeks=2)


def test_built_once(project: Path, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()

    assert main(["plan", "--project", str(project)]) == 0
    assert capsys.readouterr().out == "Everything is fresh: nothing to do (7 partitions).\n"


MARKS = {
    "marts.weekly": [
        "  Dec 2009                            ■",
        "  Jan 2010    ■      ■",
    ],
    "marts.quarterly": [
        "       Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "  2010 ■           ■",
    ],
}


@pytest.mark.parametrize(("table", "lines"), MARKS.items(), ids=MARKS)
def test_marks(project: Path, capsys: pytest.CaptureFixture[str], table: str, lines: list[str]):
    capsys.readouterr()
    main(["status", table, "--project", str(project)])
    shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    assert [line for line in lines if line in shown] == lines


def test_an_interval_selects_the_week_and_the_quarter_that_it_lies_in(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    capsys.readouterr()
    main(["plan", "--full", "--from", "2010-01-05", "--to", "2010-01-06", "--project", str(project)])
    shown = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]

    assert shown[:3] == [
        ["marts.quarterly", "2010-01"],
        ["marts.weekly", "2010-01-04"],
        ["marts.two_weeks", "2010-01-04"],
    ]


COLUMNS = {"day": "DATE", "moment": "TIMESTAMP", "wall": "DATETIME", "n": "INT64"}
OF = {
    "day": "DATE_TRUNC(day, {})",
    "moment": "TIMESTAMP_TRUNC(moment, {})",
    "wall": "DATETIME_TRUNC(wall, {})",
}


def fill(lab: Lab, moments: list[datetime]) -> None:
    """A row for each moment in each source."""
    with lab.engine():
        pass  # makes the file
    rows = ", ".join(f"('{each:%F}', '{each}+00', '{each}', 1)" for each in moments)
    lab.execute(
        "CREATE SCHEMA lake",
        *(f"CREATE TABLE lake.{each}_rows (day DATE, moment TIMESTAMPTZ, wall TIMESTAMP, n BIGINT)" for each in OF),
        *(f"INSERT INTO lake.{each}_rows VALUES {rows}" for each in OF),
    )


@pytest.mark.parametrize("grain", [grain for grain in Grain if grain.stored is not grain], ids=str)
def test_every_grain_of_every_type(tmp_path: Path, grain: Grain):
    """All rows are in their partition, and a row that is deleted makes its partition stale, and no other."""
    start, end = grain.floor(datetime.fromisoformat("2009-11-20")), datetime.fromisoformat("2010-07-08")
    moments = [start + timedelta(hours=17 * count) for count in range((end - start).days)]
    first = f"{start:%Y-%m-%d}"
    files = {
        f"models/lake/{column}_rows.yml": source(COLUMNS, partition=daily(column, first, "2010-07-08")) for column in OF
    }
    for column, sql in OF.items():
        query = f"SELECT {sql.format(grain.upper())} AS b, COUNT(*) AS c FROM lake.{column}_rows GROUP BY b"
        files[f"models/marts/by_{column}.sql"] = model(query, partition=daily("b", first, grain=str(grain)))
    lab = Lab.at(tmp_path / "database", graph_of(tmp_path / "project", files, "America/New_York"))
    fill(lab, moments)
    whole = [each for each in grain.range(start, end) if grain.shift(each, 1) <= end]
    expected = Counter(each for each in map(grain.floor, moments) if each in whole)

    assert lab.run().is_clean
    for column in OF:
        text = "strftime(b, '%Y-%m-%d')"
        found = dict(lab.query(f"SELECT {text}, c FROM marts.by_{column}"))
        assert found == {f"{each:%Y-%m-%d}": count for each, count in expected.items()}
    lab.execute("DELETE FROM lake.day_rows WHERE day = '2010-01-01'")
    (step,) = lab.plan().steps
    name = grain.floor(datetime.fromisoformat("2010-01-01")).isoformat()[: grain.id_length]
    assert step.partitions == (name,)
