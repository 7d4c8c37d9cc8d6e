"""What planning costs in a warehouse of many tables: ``python -m benchmarks.planning MODELS`` in an empty folder.

Models are one line each, as planning never looks at SQL. What is measured is ``make_plan`` alone: the graph is compiled
beforehand, and the warehouse is a made-up snapshot in which all is fresh but what a few days of the sources changed.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from aggregator.compile import compile_project
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import Ledger, LedgerRow, Outcome, Snapshot, Version, Versions
from aggregator.load import load_project
from aggregator.plan import make_plan
from aggregator.plan.due import due_partitions
from aggregator.plan.inputs import Inputs
from aggregator.plan.texts import Texts
from benchmarks.figures import Figure, Goal, Row, Workshop
from benchmarks.measure import Cost, answer, ask_module, cost_of, median

BOUND = 1.5
"""Seconds of CPU that are meant to be enough for a thousand models of a year."""

FIRST, END = "2013-01-01", "2014-01-01"
NOW = datetime.fromisoformat("2014-01-01T12:00")
LATE = ("2013-12-29", "2013-12-30", "2013-12-31")
"""The days of each source that changed after all was built: about one in a hundred."""

_ROUNDS, _RUN = 3, "20131231T000000Z-000000"
_SOURCES, _STAGED = 0.1, 0.3
_PROJECT = """\
project: benchmark
time_zone: UTC
environments:
  local: {engine: duckdb, path: .aggregator/local.duckdb}
default_environment: local
"""
_HEAD = "/*---\ndescription: A model.\nowner: a@example.com\n{}---*/\n"
_DAILY = "partition: {by: day, grain: day, from: 2013-01-01}\n"
_MONTHLY = "partition: {by: month, grain: month, from: 2013-01-01}\n"
_SOURCE = f"""\
source:
  description: A source.
  owner: a@example.com
  columns: {{day: DATE, n: INT64}}
  partition: {{by: day, grain: day, from: {FIRST}, to: {END}}}
"""


def plan_many(models: int, workshop: Workshop) -> Figure:
    """Plan after some days of the sources changed."""
    found = [ask_module("benchmarks.planning", models, folder=workshop.folder()) for _ in range(_ROUNDS)]
    cost = median([Cost(**each["plan"]) for each in found])
    size = "{stale:,} of {due:,} partitions stale, {steps:,} steps".format(**found[-1])
    goals = (Goal("CPU of make_plan", cost.cpu, BOUND * models / 1000, "s"),)
    return Figure(f"{models:,} models of a year", (Row("make_plan", cost, size),), goals)


PLANS: Mapping[str, Callable[[Workshop], Figure]] = {"plan-1000": functools.partial(plan_many, 1000)}


def write_models(models: int, folder: Path) -> None:
    """A project: a tenth of it sources, then what reads them, then what reads that, through all kinds of maps."""
    random = Random(7)  # noqa: S311  (not for secrets)
    for dataset in ("lake", "marts"):
        (folder / "models" / dataset).mkdir(parents=True)
    (folder / "aggregator.yml").write_text(_PROJECT)
    sources = [f"lake.source_{number}" for number in range(max(1, int(models * _SOURCES)))]
    for name in sources:
        (folder / "models" / f"{name.replace('.', '/')}.yml").write_text(_SOURCE)
    days = list(sources)
    for number in range(models):
        read = random.sample(days if number > models * _STAGED else sources, random.choice((1, 2, 2, 3)))
        front, sql, is_daily = _model(number, read)
        (folder / "models" / "marts" / f"model_{number}.sql").write_text(_HEAD.format(front) + sql + "\n")
        if is_daily:
            days.append(f"marts.model_{number}")


def _model(number: int, read: list[str]) -> tuple[str, str, bool]:
    """Of twenty models one reads all, one is by month, two look back and sixteen read the same day."""
    joined = f"{read[0]} AS a" + "".join(f" JOIN {name} AS b{i} ON a.day = b{i}.day" for i, name in enumerate(read[1:]))
    kind = number % 20
    if kind == 0:
        return "", f"SELECT COUNT(*) AS n FROM {joined}", False
    if kind == 1:
        return _MONTHLY, f"SELECT DATE_TRUNC(a.day, MONTH) AS month, COUNT(*) AS n FROM {joined} GROUP BY month", False
    if kind in (2, 3):
        inputs = f"inputs: {{{read[0]}: {{last: 7 days}}}}\n"
        return f"{_DAILY}{inputs}", f"SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, COUNT(*) AS n FROM {joined}", True
    return _DAILY, f"SELECT a.day, COUNT(*) AS n FROM {joined} GROUP BY a.day", True


def all_fresh(graph: Graph) -> Snapshot:
    """A warehouse in which everything was built."""
    due = due_partitions(graph, NOW)
    versions: Versions = {name: _versions(name, due.get(name) or tuple(_days()), "a") for name in graph.calendars}
    texts = Texts(versions)
    built = {name: _rows(Inputs(graph.models[name], graph, texts), graph.models[name], due[name]) for name in due}
    return Snapshot(versions, Ledger(built), NOW)


def late_days(graph: Graph, snapshot: Snapshot) -> Snapshot:
    """The same warehouse after some days of the sources changed."""
    changed = {name: snapshot.versions[name] | _versions(name, LATE, "b") for name in graph.sources}
    return dataclasses.replace(snapshot, versions=snapshot.versions | changed)


def _days() -> Iterator[str]:
    first = datetime.fromisoformat(FIRST)
    return ((first + timedelta(days=number)).isoformat()[:10] for number in range(365))


def _versions(table: TableName, partitions: tuple[str, ...], state: str) -> dict[str, Version]:
    """Tokens as long as those of DuckDB."""
    return {
        each: Version(1000, hashlib.md5(f"{table}@{each}{state}".encode(), usedforsecurity=False).hexdigest()[:16])
        for each in partitions
    }


def _rows(inputs: Inputs, model: CompiledModel, partitions: tuple[str, ...]) -> Mapping[str, LedgerRow]:
    versions = {each: inputs.version(model.name, each) for each in partitions}
    seen = (Outcome.BUILT, model.fingerprint)
    return {
        each: LedgerRow(model.name, each, _RUN, *seen, inputs.recorded(each), NOW, NOW, version.rows, version.token)
        for each, version in versions.items()
    }


def measure(models: int) -> dict[str, Any]:
    """Make the project and plan; the numbers are JSON."""
    write_models(models, Path.cwd())
    project = load_project(Path.cwd()).project
    assert project is not None
    graph = compile_project(project).graph
    snapshot = late_days(graph, all_fresh(graph))
    cost, plan = cost_of(lambda: make_plan(graph, snapshot, selected=set(graph.models)))
    due, stale = (sum(map(len, each.values())) for each in (plan.due, plan.stale))
    return {"plan": cost, "due": due, "stale": stale, "steps": len(plan.steps)}


if __name__ == "__main__":
    answer(measure(int(sys.argv[1])))
