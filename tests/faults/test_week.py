"""A week of operation: events arrive by the hour, some of them late; models change; runs are killed.

In the end the tables are those that one run gives to whoever begins with the last files, and nothing is stale. What
happens follows from a seed; ``AGGREGATOR_SEEDS=1,2,3`` tries other weeks.
"""

from __future__ import annotations

import dataclasses
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from driving import drive
from lab import Lab, daily, load_graph, model, project_file, source, write_files

START = datetime(2013, 3, 8, tzinfo=UTC)  # with the change to summer time in New York
HOURS, EVERY = 7 * 24, 4
KINDS = "abc"
FIRST = f"{START:%Y-%m-%d}"
HOURLY = {"by": "hour", "grain": "hour", "from": f"{FIRST}T00"}
SQL = {
    "hourly": "SELECT TIMESTAMP_TRUNC(moment, HOUR) AS hour, k, COUNT(*) AS c, SUM(n) AS total FROM lake.events"
    " GROUP BY hour, k",
    "days": "SELECT DATE(moment, 'America/New_York') AS day, k, COUNT(*) AS c, SUM(n) AS total FROM lake.events"
    " GROUP BY day, k",
    "last_three": "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, k, SUM(total) AS total, COUNT(DISTINCT day) AS days"
    " FROM marts.days GROUP BY k",
    "so_far": "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, k, SUM(total) AS total FROM"
    " (SELECT k, total FROM marts.so_far UNION ALL SELECT k, total FROM marts.days) GROUP BY k",
    "busiest": "SELECT k, MAX(c) AS most FROM marts.hourly GROUP BY k",
    "shares": "SELECT d.day, d.k, d.total, b.most FROM marts.days AS d JOIN marts.busiest AS b ON b.k = d.k",
    "seen": "SELECT k, SUM(total) AS total FROM marts.days GROUP BY k",
    "labels": "SELECT k, total, IF(total > 200, 'many', 'few') AS label FROM marts.seen",
}
BY_DAY = {"partition": daily("day", FIRST, zone="America/New_York")}
FRONT: dict[str, dict[str, Any]] = {
    "hourly": {"partition": HOURLY, "key": ["hour", "k"]},
    "days": {**BY_DAY, "key": ["day", "k"]},
    "last_three": {**BY_DAY, "inputs": {"marts.days": {"last": "3 days"}}},
    "so_far": {**BY_DAY, "inputs": {"marts.so_far": "previous"}, "columns": {"total": {"type": "INT64"}}},
    "shares": BY_DAY,
    "seen": {"kind": "view"},
}
CHANGES = [
    ("days", "COUNT(*) AS c", "COUNT(*) + 0 AS c"),
    ("hourly", "SUM(n) AS total", "SUM(2 * n) AS total"),
    ("last_three", "AS days", "AS days, MAX(total) AS largest"),
    ("seen", "SUM(total) AS total", "SUM(total) + 1 AS total"),
    ("busiest", "MAX(c)", "MIN(c)"),
    ("so_far", "SUM(total) AS total FROM (", "SUM(total) AS total FROM  ("),
]
"""Other rows, the same rows from other SQL, a new column, another view, and another layout."""


def model_file(name: str, sql: str) -> str:
    return model(sql, **FRONT.get(name, {}))


def project() -> dict[str, str]:
    events = source(
        {"moment": "TIMESTAMP", "k": "STRING", "n": "INT64"},
        partition={"by": "moment", "grain": "hour", "from": f"{FIRST}T00"},
        local="events.csv",
    )
    files = {f"models/marts/{name}.sql": model_file(name, sql) for name, sql in SQL.items()}
    return {"aggregator.yml": project_file(), "models/lake/events.yml": events, "events.csv": csv([])} | files


def csv(rows: list[tuple[datetime, str, int]]) -> str:
    return "moment,k,n\n" + "".join(f"{moment:%Y-%m-%dT%H:%M:%SZ},{k},{n}\n" for moment, k, n in rows)


@dataclasses.dataclass
class Week:
    """What happens, as far as chance has it."""

    random: random.Random

    def __post_init__(self) -> None:
        self.rows: list[tuple[datetime, str, int]] = []
        self.sql = dict(SQL)
        self.changes = self.random.sample(CHANGES, 5)
        self.change_at = sorted(self.random.sample(range(EVERY, HOURS, EVERY), 5))

    def episodes(self) -> list[dict[str, Any]]:
        """A run every few hours, and another one where the first may have been killed."""
        found = []
        for hour in range(EVERY, HOURS + 1, EVERY):
            files = {"events.csv": self.arrivals(hour)}
            if hour in self.change_at:
                name, old, new = self.changes[self.change_at.index(hour)]
                self.sql[name] = self.sql[name].replace(old, new)
                files[f"models/marts/{name}.sql"] = model_file(name, self.sql[name])
            now = (START + timedelta(hours=hour, minutes=self.random.randint(0, 59))).isoformat()
            if self.random.random() < 0.5:
                found.append({"files": files, "now": now, "moment": self.random.randint(15, 120)})
                files = {}
            if self.random.random() < 0.8 or hour == HOURS:
                found.append({"files": files, "now": now, "moment": -1})
        return found

    def arrivals(self, hour: int) -> str:
        """The events of the last hours, late ones of any hour before, and corrections."""
        for each in range(hour - EVERY, hour):
            self.rows += [self.event(each) for _ in range(self.random.randint(0, 3))]
        if self.random.random() < 0.5:
            self.rows += [self.event(self.random.randrange(hour)) for _ in range(self.random.randint(1, 3))]
        if self.rows and self.random.random() < 0.2:
            self.rows.remove(self.random.choice(self.rows))
        return csv(self.rows)

    def event(self, hour: int) -> tuple[datetime, str, int]:
        moment = START + timedelta(hours=hour, minutes=self.random.randint(0, 59))
        return moment, self.random.choice(KINDS), self.random.randint(0, 9)


@pytest.mark.parametrize("seed", [int(each) for each in os.environ.get("AGGREGATOR_SEEDS", "20130308").split(",")])
def test_a_week_ends_with_the_tables_of_one_clean_build(tmp_path, seed):
    root = write_files(tmp_path / "week", project())
    episodes = Week(random.Random(seed)).episodes()
    found = drive(template=root, arguments=["run", "--quiet"], fate="kill", episodes=episodes)
    lab = Lab(load_graph(root))
    now = datetime.fromisoformat(episodes[-1]["now"]).replace(tzinfo=None)
    clean = Lab.at(tmp_path / "clean", lab.graph)
    assert clean.run(now=now).is_clean
    killed = sum(each["exit"] == -signal.SIGKILL for each in found)

    assert {each["exit"] for each in found} <= {0, -signal.SIGKILL}, [each for each in found if each["exit"] > 0]
    assert killed >= 8
    assert found[-1]["exit"] == 0
    assert lab.tables() == clean.tables()
    assert len(lab.rows("marts.so_far")) > 15
    assert lab.plan(now=now).steps == ()
    outcomes = dict(lab.query("SELECT outcome, count(*) FROM _aggregator.ledger GROUP BY 1"))
    assert outcomes.keys() == {"built", "unchanged"}
