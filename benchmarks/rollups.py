"""What declared aggregates save: the same questions asked of a year of plays, and of the states that are kept of it.

All statements are those of the product: a project is written, compiled, and its SQL translated as for a run.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.billed import Counts, dashboards
from benchmarks.figures import MIB, Figure, Goal, Row, Workshop
from benchmarks.measure import Cost, ask_module
from benchmarks.models_of_plays import PROJECT

DAYS = [f"2025-10-{day:02}" for day in range(1, 32)]
"""The days for which the last 28 are looked at; and the month of which a day comes late."""

_YEAR, _MONTHS, _MONTH, _LATE = (
    "@2025-01-01@2025-12-31",
    "@2025-01@2025-12",
    "@2025-10@2025-10",
    "@2025-10-14@2025-10-14",
)
_AIMS = {"kpis": 50, "users": 80, "actives": 80, "late": 10}
_RUNS, _FEW_RUNS = 9, 3

_SKETCHES = """
CREATE TABLE other.sketches AS
SELECT day, country, approx_count_distinct(user_id) EXPORT_STATE AS users FROM lake.plays GROUP BY ALL ORDER BY day
"""
"""DuckDB's own HyperLogLog: what sketches of a fixed size would save, and how far off they are."""

_OF_SKETCHES = "finalize(combine_aggr(users)) AS users FROM other.sketches"
_ERRORS = """
SELECT AVG(abs(estimated.users - exact.users) / exact.users), MAX(abs(estimated.users - exact.users) / exact.users)
FROM marts.monthly_users AS exact
JOIN (SELECT date_trunc('month', day) AS month, country, {} GROUP BY ALL) AS estimated USING (month, country)
"""

_DIFFERENT = """
SELECT COUNT(*) FROM (
  (SELECT 'kpis', month, country, platform, plays + seconds + shortest + longest FROM marts.monthly
   UNION ALL SELECT 'users', month, country, '', users FROM marts.monthly_users)
  EXCEPT
  (SELECT 'kpis', month, country, platform, plays + seconds + shortest + longest FROM other.monthly
   UNION ALL SELECT 'users', month, country, '', users FROM other.monthly_users)
)
"""

Statement: TypeAlias = tuple[str, Mapping[str, str]]


@dataclasses.dataclass(frozen=True)
class Question:
    """Something that is asked of rows, of daily states and, maybe, of what is published, and how often it is run."""

    what: str
    aim: float
    rows: Sequence[Statement]
    states: Sequence[Statement]
    published: str = ""
    sketches: Sequence[Statement] = ()


class Log:
    """A log with the tables that are made of it, and the project whose SQL makes them."""

    def __init__(self, folder: Path, plays: int) -> None:
        self.folder = folder
        for path, text in PROJECT.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            described = path.endswith(".yml") and text.startswith("rollup")
            file.write_text("description: A roll-up.\nowner: a@example.com\n" * described + text)
        self.counts: dict[str, Any] = ask_module("benchmarks.plays", "plays.duckdb", plays, folder=folder)

    def queries(self, *asked: str) -> list[Statement]:
        """The SQL of models, for the partitions that are named behind them."""
        found = ask_module("benchmarks.inside", "queries", *asked, folder=self.folder)
        self.prepare = found["prepare"]
        return [(sql, bounds) for sql, bounds in found["queries"]]

    def run(self, statements: Iterable[Statement], runs: int = 1, fetch: str = "", *, sizes: bool = False) -> Any:
        """Run statements in a process of their own."""
        asked = {"prepare": self.prepare, "statements": list(statements), "runs": runs, "sizes": sizes, "fetch": fetch}
        script = self.folder / "script.json"
        script.write_text(json.dumps(asked))
        return ask_module("benchmarks.asking", script, "plays.duckdb", folder=self.folder)

    def cost(self, statements: Sequence[Statement], runs: int) -> Cost:
        """The median cost of statements."""
        return Cost(**self.run(statements, runs)["cost"])


def rollups(plays: int, workshop: Workshop) -> Figure:
    """Build the states of a year, and ask the questions for which they are kept."""
    log = Log(workshop.folder(), plays)
    daily, users, monthly, monthly_users = log.queries(
        f"marts.daily{_YEAR}", f"marts.daily_users{_YEAR}", f"marts.monthly{_MONTHS}", f"marts.monthly_users{_MONTHS}"
    )
    actives = log.queries(*(f"marts.actives@{day}@{day}" for day in DAYS))
    log.run([("CREATE SCHEMA marts", {}), ("CREATE SCHEMA other", {})])
    build = {
        "marts.daily": [_made("marts.daily", daily)],
        "marts.daily_users": [_made("marts.daily_users", users)],
    }
    rows = [Row(f"build {what}, a year", log.cost(statements, 1)) for what, statements in build.items()]
    tables = log.run(
        [
            _made("marts.monthly", monthly),
            _made("marts.monthly_users", monthly_users),
            _made("marts.actives", actives[0]),
            *(_added("marts.actives", each) for each in actives[1:]),
            (_SKETCHES, {}),
        ],
        sizes=True,
    )["tables"]
    goals = []
    for question in _questions(log, monthly, monthly_users, actives):
        found, goal = _answered(log, question)
        rows += found
        goals.append(goal)
    mean, largest = log.run([], fetch=_ERRORS.format(_OF_SKETCHES))["rows"][0]
    (different,) = log.run([], fetch=_DIFFERENT)["rows"][0]
    notes = (
        *_tables(tables),
        "",
        f"groups by month that differ between states and rows: {different}",
        f"sketches of fixed size: off by {mean:.1%} on average, {largest:.1%} at worst",
        "",
    )
    counts = Counts.of(log.counts, {name: size[0] for name, size in tables.items()})
    title = "{plays:,} plays of {users:,} people, {user_days:,} days on which one watched".format(**log.counts)
    return Figure(title, tuple(rows), tuple(goals), (*notes, *dashboards(counts)))


def _questions(log: Log, monthly: Statement, users: Statement, actives: Sequence[Statement]) -> list[Question]:
    raw, raw_users, raw_month, raw_month_users = log.queries(
        f"rows.monthly{_MONTHS}", f"rows.monthly_users{_MONTHS}", f"rows.monthly{_MONTH}", f"rows.monthly_users{_MONTH}"
    )
    raw_actives = log.queries(*(f"rows.actives@{day}@{day}" for day in DAYS))
    late, late_users, month, month_users = log.queries(
        f"marts.daily{_LATE}", f"marts.daily_users{_LATE}", f"marts.monthly{_MONTH}", f"marts.monthly_users{_MONTH}"
    )
    log.run([_made("other.monthly", raw), _made("other.monthly_users", raw_users)])
    by_month = f"SELECT date_trunc('month', day) AS month, country, {_OF_SKETCHES} GROUP BY ALL"
    window = "day > CAST('{0}' AS DATE) - 28 AND day <= CAST('{0}' AS DATE)"
    last_days = [
        (f"SELECT country, {_OF_SKETCHES} WHERE {window.format(day)} GROUP BY ALL", dict[str, str]()) for day in DAYS
    ]
    return [
        Question("KPIs by month", _AIMS["kpis"], [_asked(raw)], [_asked(monthly)], "marts.monthly"),
        Question(
            "users by month, country",
            _AIMS["users"],
            [_asked(raw_users)],
            [_asked(users)],
            "marts.monthly_users",
            [_asked((by_month, {}))],
        ),
        Question(
            "users of 28 days, × 31",
            _AIMS["actives"],
            [_asked(each) for each in raw_actives],
            [_asked(each) for each in actives],
            "marts.actives",
            [_asked(each) for each in last_days],
        ),
        Question(
            "a late day, KPIs",
            _AIMS["late"],
            _replaced("other.monthly", "month", "2025-10-01", raw_month),
            [
                *_replaced("marts.daily", "day", "2025-10-14", late),
                *_replaced("marts.monthly", "month", "2025-10-01", month),
            ],
        ),
        Question(
            "a late day, users",
            _AIMS["late"],
            _replaced("other.monthly_users", "month", "2025-10-01", raw_month_users),
            [
                *_replaced("marts.daily_users", "day", "2025-10-14", late_users),
                *_replaced("marts.monthly_users", "month", "2025-10-01", month_users),
            ],
        ),
    ]


def _answered(log: Log, question: Question) -> tuple[list[Row], Goal]:
    raw = log.cost(question.rows, _FEW_RUNS)
    states = log.cost(question.states, _RUNS)
    rows = [
        Row(f"{question.what}: rows", raw, ratio=1.0),
        Row("  states", states, ratio=raw.cpu / states.cpu),
    ]
    if question.sketches:
        sketches = log.cost(question.sketches, _RUNS)
        rows.append(Row("  sketches of fixed size", sketches, ratio=raw.cpu / sketches.cpu))
    if question.published:
        columns = "COLUMNS('^[a-z]+$')"
        published = log.cost([_asked((f"SELECT {columns} FROM {question.published}", {}))], _RUNS)
        rows.append(Row("  as published", published, ratio=raw.cpu / published.cpu))
    return rows, Goal(question.what, raw.cpu / states.cpu, question.aim, "×", is_least=True)


def _asked(query: Statement) -> Statement:
    """The answer is kept for a moment, as a build keeps it: handing arrays to Python would cost more than all else."""
    return f"CREATE OR REPLACE TEMP TABLE answer AS {query[0]}", query[1]


def _made(table: str, query: Statement) -> Statement:
    return f"CREATE TABLE {table} AS FROM ({query[0]}) ORDER BY 1", query[1]


def _added(table: str, query: Statement) -> Statement:
    return f"INSERT INTO {table} {query[0]}", query[1]


def _replaced(table: str, column: str, partition: str, query: Statement) -> list[Statement]:
    """A partition, overwritten in a transaction."""
    gone = f"DELETE FROM {table} WHERE {column} = DATE '{partition}'"
    return [("BEGIN", {}), (gone, {}), _added(table, query), ("COMMIT", {})]


def _tables(tables: Mapping[str, Sequence[int]]) -> Iterable[str]:
    yield f"{'table':<24}{'rows':>14}{'MiB':>9}"
    for name, (rows, size) in tables.items():
        yield f"{name:<24}{rows:>14,}{size / MIB:>9.1f}"


ROLLUPS: dict[str, Callable[[Workshop], Figure]] = {
    "rollups-small": functools.partial(rollups, 1_000_000),
    "rollups": functools.partial(rollups, 20_000_000),
}
