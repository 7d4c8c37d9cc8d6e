"""Random graphs and random events on the real engine: is what is called fresh what building everything anew gives?

``pytest -s`` prints how much is built in vain.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from lab import Lab, Quiet, Rows, daily, graph_of, model, source

from aggregator.core.plan import Plan
from aggregator.core.warehouse import WHOLE
from aggregator.run import codes, run_plan

START, DAYS, ROUNDS = datetime.fromisoformat("2013-01-28"), 7, 4
END = START + timedelta(days=DAYS)
DAY_IDS = [(START + timedelta(days=each)).isoformat()[:10] for each in range(DAYS)]
SOURCES = ("lake.facts", "lake.other", "lake.names")
FORMS = ("one day", "one day", "several", "several", "itself", "a week", "whole", "a view")


class CrashError(Exception):
    """We die."""


def files(random: Random, shift: list[int]) -> dict[str, str]:
    """A project of two sources by day, one without partitions, and five models that read what is before them.

    ``shift`` is a number of each model: another one makes other logic.
    """
    cut = {"partition": daily("day", DAY_IDS[0], END.isoformat()[:10])}
    made = {
        f"models/{name.replace('.', '/')}.yml": source({"day": "DATE", "n": "INT64"}, **cut) for name in SOURCES[:2]
    }
    made["models/lake/names.yml"] = source({"n": "INT64"})
    by_day, others = list(SOURCES[:2]), [SOURCES[2]]
    for number, added in enumerate(shift):
        form, name = random.choice(FORMS), f"marts.m{number}"
        sql, front = _model(random, form, name, by_day, others)
        made[f"models/marts/m{number}.sql"] = model(sql.format(shift=added), **front)
        (others if form in ("whole", "a view") else by_day).append(name)
    return made


def _model(random: Random, form: str, name: str, by_day: list[str], others: list[str]) -> tuple[str, dict[str, Any]]:
    """A SELECT whose result is one of few numbers, so that it is often what it was."""
    first, second = random.choice(by_day), random.choice(by_day)
    grain = "isoweek" if form == "a week" else "day"
    cut = {"partition": daily("day", DAY_IDS[0], END.isoformat()[:10], grain=grain)}
    if form == "one day":
        return f"SELECT day, MOD(SUM(n) + {{shift}}, 5) AS n FROM {first} GROUP BY day", cut
    if form == "a week":
        week = "DATE_TRUNC(day, ISOWEEK)"
        return f"SELECT {week} AS day, MOD(SUM(n) + {{shift}}, 5) AS n FROM {first} GROUP BY {week}", cut
    if form in ("whole", "a view"):
        read = f"SELECT n FROM {first} UNION ALL SELECT 2 * n FROM {random.choice(others)}"
        front = {"kind": "view"} if form == "a view" else {}
        return f"SELECT MOD(SUM(n) + {{shift}}, 5) AS n FROM ({read})", front
    lengths = [{"last": "3 days"}, {"offset": "2 days"}, {"last": "1 day"}, {"latest": "3 days"}, {"latest": "5 days"}]
    inputs: dict[str, Any] = {"a": random.choice(lengths), "b": random.choice((*lengths, "all"))}
    tables = f"SELECT n FROM {first} AS a UNION ALL SELECT 2 * n FROM {second} AS b"
    tables += f" UNION ALL SELECT 3 * n FROM {random.choice(others)}"
    if form == "itself":
        inputs[name] = "previous"
        tables += f" UNION ALL SELECT n FROM {name}"
    select = f"SELECT @start AS day, MOD(SUM(n) + {{shift}}, 5) AS n FROM ({tables})"
    return select, {**cut, "inputs": inputs}


@dataclasses.dataclass
class Checker:
    """One project with its database, and another database in which everything is built anew."""

    random: Random
    folder: Path
    seed: int
    shift: list[int]
    lab: Lab
    count: Counter[str] = dataclasses.field(default_factory=Counter)

    @classmethod
    def of(cls, seed: int, folder: Path) -> Checker:
        shift = [0] * 5
        lab = Lab.at(folder / "old", graph_of(folder / "project", files(Random(seed), shift)))
        checker = cls(Random(-seed), folder, seed, shift, lab)
        with lab.engine():
            pass
        lab.execute("CREATE SCHEMA lake", *(f"CREATE TABLE {each} ({_columns(each)})" for each in SOURCES))
        lab.execute(*(checker.insertion() for _ in range(2 * DAYS)))
        return checker

    def insertion(self) -> str:
        table, day, number = self.random.choice(SOURCES), self.random.choice(DAY_IDS), self.random.randint(1, 4)
        values = f"{number}" if table == SOURCES[2] else f"DATE '{day}', {number}"
        return f"INSERT INTO {table} VALUES ({values})"

    def event(self) -> str:
        day, table = f"DATE '{self.random.choice(DAY_IDS)}'", self.random.choice(SOURCES[:2])
        built = f"marts.m{self.random.randrange(len(self.shift))}"
        return self.random.choice(
            (
                *(self.insertion(), self.insertion()),
                f"UPDATE {table} SET n = n + 1 WHERE day = {day}",
                f"DELETE FROM {table} WHERE day = {day}",
                f"UPDATE {table} SET day = {day} WHERE n = 2",
                "UPDATE lake.names SET n = n + 5",
                f"UPDATE {built} SET n = n + 1 WHERE n = 1",
                f"DELETE FROM {built} WHERE n = 2",
                f"DELETE FROM _aggregator.ledger WHERE model = '{built}'",
            )
        )

    def round(self) -> set[tuple[str, str]]:
        """Let something happen, run, perhaps die, and compare what is called fresh with what is built anew."""
        for statement in (self.event() for _ in range(self.random.randint(0, 3))):
            with contextlib.suppress(duckdb.CatalogException, duckdb.BinderException):  # not there, or a view
                self.lab.execute(statement)
        if self.random.random() < 0.3:
            self.shift[self.random.randrange(len(self.shift))] += 1
            self.lab = self.lab.on(graph_of(self.folder / "project", files(Random(self.seed), self.shift)))
        anew = self.anew()
        wrong = self.wrong(self.lab.plan(), anew)
        self.run()
        wrong |= self.wrong(self.lab.plan(), anew)
        return wrong

    def run(self) -> None:
        """Part of it, or all; and sometimes we die before the ledger is written."""
        names = [str(name) for name in self.lab.graph.models]
        select = None if self.random.random() < 0.6 else self.random.sample(names, 3)
        dies_at = self.random.choice((None, None, self.random.randint(0, 9)))
        with self.lab.engine() as engine:
            plan, record, records = self.lab.plan_on(engine, select=select), engine.record, iter(range(10**6))

            def recorded(rows):
                if next(records) == dies_at:
                    raise CrashError
                record(rows)

            engine.record = recorded
            with contextlib.suppress(CrashError):
                ledger = engine.snapshot().ledger
                report = run_plan(plan, self.lab.graph, engine, ledger, run_id="test", progress=Quiet())
                for each in report.results:
                    self.count[str(each.status)] += len(each.partitions)

    def anew(self) -> Lab:
        lab = Lab.at(Path(tempfile.mkdtemp(dir=self.folder)), self.lab.graph)
        with lab.engine():
            pass
        lab.execute("CREATE SCHEMA lake")
        with lab.connection() as db:
            db.execute(f"ATTACH '{self.lab.path}' AS old (READ_ONLY)")
            for each in SOURCES:
                db.execute(f"CREATE TABLE {each} AS SELECT * FROM old.{each}")
        problems = (each.problem.code for each in lab.run().results if each.problem is not None)
        assert set(problems) <= {codes.NOTHING_TO_READ, codes.BLOCKED}
        return lab

    def wrong(self, plan: Plan, anew: Lab) -> set[tuple[str, str]]:
        there, wanted = by_partition(self.lab), by_partition(anew)
        fresh = {(str(name), each) for name, due in plan.due.items() for each in due if each not in plan.stale[name]}
        fresh -= {(str(name), WHOLE) for name, each in self.lab.graph.models.items() if each.model.kind == "view"}
        self.count["fresh"] += len(fresh)
        return {key for key in fresh if there.get(key) != wanted.get(key)}


def _columns(table: str) -> str:
    return "n BIGINT" if table == SOURCES[2] else "day DATE, n BIGINT"


def by_partition(lab: Lab) -> dict[tuple[str, str], Rows]:
    calendars = {str(name): each.calendar for name, each in lab.graph.models.items()}
    found: dict[tuple[str, str], Rows] = {}
    for table, rows in lab.tables().items():
        for row in rows:
            partition = row[0].isoformat() if calendars[table] else WHOLE
            found.setdefault((table, partition), []).append(row)
    return found


@pytest.mark.parametrize("seed", range(1, 5))
def test_what_is_called_fresh_is_what_is_built_anew(seed, tmp_path):
    checker = Checker.of(seed, tmp_path)
    wrong = [checker.round() for _ in range(ROUNDS)]
    built, unchanged = checker.count["built"], checker.count["unchanged"]
    sys.stdout.write(f"\n{dict(checker.count)}; {unchanged / max(1, built + unchanged):.0%} of it was built in vain\n")

    assert wrong == [set()] * ROUNDS
    assert checker.count["fresh"] > 0
