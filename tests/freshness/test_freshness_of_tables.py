"""``aggregator freshness`` on a project of a few days: what is late, why, and what a dashboard reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from aggregator.cache import Cache
from aggregator.cli.freshness import look_up
from aggregator.core.freshness import Arrival, Level
from aggregator.core.names import TableName
from aggregator.core.warehouse import Ledger, Snapshot, Version
from aggregator.engines import open_engine
from aggregator.freshness import as_of, freshness_of
from aggregator.review import review

EVENTS = """
source:
  description: Clicks.
  owner: lake@example.com
  columns: {day: DATE, clicks: INT64}
  partition: {by: day, grain: day, from: 2024-01-01}
  freshness: {warn_after: 26h, error_after: 48h}
  local: events.csv
"""
DAILY = """
/*---
description: Clicks per day.
owner: marts@example.com
partition: {by: day, grain: day, from: 2024-01-01}
freshness: {by: 06:00}
---*/
SELECT day, SUM(clicks) AS clicks FROM lake.events GROUP BY day
"""
PLACES = "source:\n  description: x\n  owner: lake@example.com\n  columns: {a: INT64}\n  freshness: {warn_after: 1h}\n"
FILES = {"models/lake/events.yml": EVENTS, "models/marts/daily.sql": DAILY, "models/lake/places.yml": PLACES}
EVENTS_TABLE, DAILY_TABLE = TableName("lake", "events"), TableName("marts", "daily")


def days(*numbers: int) -> str:
    return "day,clicks\n" + "".join(f"2024-01-{number:02},{number}\n" for number in numbers)


def at(day: int, hour: int) -> datetime:
    return datetime(2024, 1, day, hour, tzinfo=UTC)


@pytest.fixture
def clicks(make_project):
    return make_project({**FILES, "events.csv": days(*range(1, 8), 9, 10)})


def graph_of(root):
    graph = review(root, None, Cache(None)).graph
    assert graph is not None
    return graph


def snapshot_of(now: datetime, **tables: list[int]) -> Snapshot:
    """Days of January that tables have, 100 rows each."""
    names = {"events": EVENTS_TABLE, "daily": DAILY_TABLE}
    versions = {
        names[table]: {f"2024-01-{number:02}": Version(100, "x") for number in numbers}
        for table, numbers in tables.items()
    }
    return Snapshot(versions, Ledger(), now)


def found(root, snapshot, table, arrivals=()):
    return freshness_of(graph_of(root), snapshot, [table], arrivals).tables[0]


LEVELS = [
    pytest.param(at(4, 1), [1, 2, 3], Level.FRESH, (), id="yesterday is there"),
    pytest.param(at(4, 1), [1, 2], Level.FRESH, ("2024-01-03",), id="yesterday is an hour late, which is allowed"),
    pytest.param(at(4, 2), [1, 2], Level.WARN, ("2024-01-03",), id="two hours late: 26 h after the end of the newest"),
    pytest.param(at(5, 0), [1, 2], Level.ERROR, ("2024-01-03", "2024-01-04"), id="48 h after the end of the newest"),
    pytest.param(at(4, 1), [1, 3], Level.WARN, ("2024-01-02",), id="a hole in a source is a warning, however old"),
    pytest.param(at(4, 1), [2, 3], Level.FRESH, (), id="a source that begins later than was declared"),
    pytest.param(at(4, 1), [], Level.ERROR, ("2024-01-01", "2024-01-02", "2024-01-03"), id="nothing is there"),
    pytest.param(at(1, 12), [], Level.FRESH, (), id="nothing is over yet"),
]


@pytest.mark.parametrize(("now", "there", "level", "missing"), LEVELS)
def test_ages_of_a_source(clicks, now, there, level, missing):
    table = found(clicks, snapshot_of(now, events=there), EVENTS_TABLE)

    assert (table.level, table.missing) == (level, missing)


PROMISED = [
    pytest.param(at(4, 5), [1, 2], Level.FRESH, id="there is time until six"),
    pytest.param(at(4, 6), [1, 2], Level.ERROR, id="at six it is late"),
    pytest.param(at(4, 6), [1, 2, 3], Level.FRESH, id="it is there"),
    pytest.param(at(4, 5), [1, 3], Level.ERROR, id="a day that was never built"),
    pytest.param(at(4, 5), [2, 3], Level.ERROR, id="the first day was never built"),
]


@pytest.mark.parametrize(("now", "there", "level"), PROMISED)
def test_a_time_of_day(clicks, now, there, level):
    table = found(clicks, snapshot_of(now, daily=there), DAILY_TABLE)

    assert table.level is level


def test_a_table_that_is_to_begin_has_deadlines(clicks):
    """Nothing is over yet, and nobody may look again: a dashboard must know when to say that nothing came."""
    table = found(clicks, snapshot_of(at(1, 12)), DAILY_TABLE)

    assert (table.level, table.newest, table.error_at) == (Level.FRESH, None, at(2, 6))


def test_the_level_is_what_the_deadlines_say(clicks):
    """What a dashboard works out from them later is what would be found then."""
    early = found(clicks, snapshot_of(at(4, 1), events=[1, 2, 3]), EVENTS_TABLE)

    assert early.warn_at is not None
    assert early.error_at is not None
    for moment, level in ((early.warn_at, Level.WARN), (early.error_at, Level.ERROR)):
        before = found(clicks, snapshot_of(moment - timedelta(seconds=1), events=[1, 2, 3]), EVENTS_TABLE)
        then = found(clicks, snapshot_of(moment, events=[1, 2, 3]), EVENTS_TABLE)
        assert (before.level, then.level) != (level, level)
        assert then.level is level


def test_later_than_usual_is_a_warning_before_the_promise_is_broken(clicks):
    arrivals = [Arrival(DAILY_TABLE, f"2024-01-{n:02}", f"run {n}", at(n + 1, 3)) for n in range(1, 10)]

    soon = found(clicks, snapshot_of(at(11, 3), daily=list(range(1, 10))), DAILY_TABLE, arrivals)
    late = found(clicks, snapshot_of(at(11, 5), daily=list(range(1, 10))), DAILY_TABLE, arrivals)

    assert (soon.level, soon.usually_at) == (Level.FRESH, at(11, 3))
    assert late.level is Level.WARN
    assert late.notes == ("2024-01-10 is missing", "usually there by 03:00; this one is 2 h late")


def test_usually_after_the_promise(clicks):
    arrivals = [Arrival(DAILY_TABLE, f"2024-01-{n:02}", f"run {n}", at(n + 1, 8)) for n in range(1, 10)]

    table = found(clicks, snapshot_of(at(10, 9), daily=list(range(1, 10))), DAILY_TABLE, arrivals)

    assert table.notes == ("usually there by 08:00", "that is 2 h after what is promised")


def test_as_of_another_time(clicks):
    snapshot = snapshot_of(at(20, 0), events=list(range(1, 11)))

    then = as_of(graph_of(clicks), snapshot, at(4, 1))

    assert list(then.versions[EVENTS_TABLE]) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert then.now == at(4, 1)


def test_the_command(clicks, aggregator):
    assert aggregator(clicks, "run", "--to", "2024-01-08", "--quiet").code == 0

    fine = aggregator(clicks, "freshness", "--quiet", "--at", "2024-01-08T05:00", "marts.daily")
    bad = aggregator(clicks, "freshness", "--quiet", "--at", "2024-01-11T07:00", "marts.daily", "lake.events")
    warned = aggregator(clicks, "freshness", "--quiet", "--at", "2024-01-11T07:00", "lake.events", "--strict")
    machine = aggregator(clicks, "freshness", "--quiet", "--at", "2024-01-11T07:00", "--format", "json")

    assert "  fresh       marts.daily  newest 2024-01-07  5 h old  by 06:00\n" in fine.out
    assert fine.code == 0
    assert bad.code == 1
    assert "2024-01-08, 2024-01-09, 2024-01-10 are missing" in bad.out
    assert warned.code == 1
    assert "2024-01-08 is missing before 2024-01-10" in warned.out
    states = {each["table"]: each["state"] for each in machine.json}
    assert states == {"lake.events": "warn", "lake.places": "error", "marts.daily": "error"}


def test_what_a_dashboard_reads(clicks, aggregator):
    assert aggregator(clicks, "run", "--quiet").code == 0
    query = "SELECT table_name, newest, state FROM _aggregator.freshness ORDER BY table_name"

    with duckdb.connect(str(next(clicks.rglob("*.duckdb")))) as db:
        before = db.execute(query).fetchall()
        db.execute(
            "UPDATE _aggregator.promises SET level = 'fresh', warn_at = now(), error_at = now() + INTERVAL 1 DAY"
        )
        later = db.execute(query).fetchall()
        db.execute("UPDATE _aggregator.promises SET error_at = now()")
        latest = db.execute(query).fetchall()

    assert before[0] == ("lake.events", "2024-01-10", "error")
    assert [row[2] for row in later] == ["warn"] * 3
    assert [row[2] for row in latest] == ["error"] * 3


def test_a_run_that_builds_nothing_says_how_fresh_it_is_all_the_same(clicks, aggregator):
    for _ in range(2):
        assert aggregator(clicks, "run", "--quiet").code == 0

    with duckdb.connect(str(next(clicks.rglob("*.duckdb")))) as db:
        assert db.execute("SELECT count(*), count(DISTINCT table_name) FROM _aggregator.freshness").fetchone() == (3, 3)


def test_arrivals_are_first_writings(clicks, aggregator):
    """Building a partition again does not make it late."""
    assert aggregator(clicks, "run", "--quiet").code == 0
    graph = graph_of(clicks)
    engine = open_engine(graph, lambda _: None)
    first = engine.arrivals(400)
    engine.close()

    assert aggregator(clicks, "run", "--full", "--quiet").code == 0
    engine = open_engine(graph, lambda _: None)
    second, newest = engine.arrivals(400), engine.arrivals(1)
    report = look_up(graph, engine, [DAILY_TABLE])
    engine.close()

    assert first == second
    assert len(first) == len({each.partition for each in first}) >= 10
    assert [each.partition for each in newest] == [max(each.partition for each in first)]
    assert report.at > first[0].written_at


BAD = [
    pytest.param("by: 6 am", "expected a time of day such as 06:00", id="an English time"),
    pytest.param("by: 24:00", "expected a time of day such as 06:00", id="an hour that there is not"),
    pytest.param("by: 06:00 Berlin", "expected a time zone after the time", id="a zone that there is not"),
    pytest.param("warn: 26h", "warn is not a key of freshness", id="half a key"),
    pytest.param("", "freshness says nothing", id="no promise at all"),
]


@pytest.mark.parametrize(("written", "message"), BAD)
def test_promises_that_mean_nothing(make_project, aggregator, written, message):
    root = make_project({**FILES, "models/marts/daily.sql": DAILY.replace("by: 06:00", written)})

    said = aggregator(root, "lint", "--quiet").err

    assert "models/marts/daily.sql:5:" in said
    assert message in said
