"""What has to be measured from within: ``python -m benchmarks.inside WORK [MODEL]`` in a project's folder.

The stages of aggregator are called as its own commands call them. Every answer comes from a fresh process, so that
nothing is cached that a user would have to wait for.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from aggregator.checks import promised
from aggregator.checks.verdicts import asked
from aggregator.compile import compile_project
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan
from aggregator.core.project import Kind, Source
from aggregator.core.report import Report, StepResult
from aggregator.core.warehouse import Snapshot
from aggregator.engines import Engine, open_engine
from aggregator.engines.duckdb.dialect import to_duckdb, type_to_duckdb
from aggregator.engines.duckdb.dialect.rewrites import MACROS
from aggregator.engines.duckdb.ingest import locate
from aggregator.engines.duckdb.reading import schemas_of
from aggregator.load import load_project
from aggregator.plan import make_plan
from aggregator.run import run_plan
from benchmarks.measure import answer, cost_of

PREPARE = ("SET TimeZone = 'UTC'", *(f"CREATE OR REPLACE TEMP MACRO {macro}" for macro in MACROS))
"""What the translated SQL takes for granted of a connection."""


class _Silent:
    """No progress is shown."""

    def begin(self, partitions: object) -> None:
        """Nothing."""

    def advance(self, result: StepResult) -> None:
        """Nothing."""


def write_floor() -> dict[str, Any]:
    """The statements of ``benchmarks.floor``, as of an empty warehouse."""
    graph = _graph()
    models = graph.models
    with _opened(graph) as engine:
        due = make_plan(graph, engine.snapshot(), selected=()).due
    datasets = sorted({name.dataset for name in graph.calendars})
    return {
        "prepare": [*PREPARE, *(f'CREATE SCHEMA "{dataset}"' for dataset in datasets)],
        "load": [_load(graph, source) for source in graph.sources.values()],
        "query": [each for name in models for each in _floor_statements(graph, models[name], due[name])],
    }


def count_sizes() -> dict[str, int]:
    """How much a built project holds: partitions built, and their rows."""
    with _opened(_graph()) as engine:
        built = engine.snapshot().ledger.built.values()
    rows = [row.rows for partitions in built for row in partitions.values()]
    return {"partitions": len(rows), "rows": sum(rows)}


def build_one_by_one(model: str) -> dict[str, Any]:
    """Build one model, whose upstream is built, and then run its bare query for the same partitions.

    The run is all that happens between plan and report: versions, staging, checks, publishing, ledger. The query is
    run by a plain connection, with its rows fetched; a model that reads itself finds yesterday's rows, as in the run.
    """
    graph, name = _graph(), TableName(*model.split("."))
    with _opened(graph) as engine:
        engine.ingest()
        snapshot = engine.snapshot()
        plan = make_plan(graph, snapshot, selected={name})
        cost, report = cost_of(lambda: _run(plan, graph, engine, snapshot))
    assert report.is_clean
    compiled = graph.models[name]
    sql = to_duckdb(compiled.sql)
    bounds = [_bounds(compiled, [each]) for step in plan.steps for each in step.partitions]
    with duckdb.connect(_database(graph)) as db:
        for statement in PREPARE:
            db.execute(statement)
        bare, _ = cost_of(lambda: [db.execute(sql, each).fetchall() for each in bounds])
    return {"partitions": len(bounds), "run": cost, "bare": bare}


def plan_change() -> dict[str, Any]:
    """Look at a built project of which one day of the flights changed, and plan what to do about it."""
    graph = _graph()
    with duckdb.connect(_database(graph)) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("UPDATE lake.flights SET distance = distance + 1 WHERE CAST(time_hour AS DATE) = '2013-06-15'")
    with _opened(graph) as engine:
        reading, snapshot = cost_of(engine.snapshot)
        planning, plan = cost_of(lambda: make_plan(graph, snapshot, selected=set(graph.models)))
    due, stale = (sum(map(len, each.values())) for each in (plan.due, plan.stale))
    return {"snapshot": reading, "plan": planning, "due": due, "stale": stale, "steps": len(plan.steps)}


def write_queries(*wanted: str) -> dict[str, Any]:
    """The queries of models, each for some partitions: ``marts.daily@2025-01-01@2025-01-31``, both included."""
    models = _graph().models
    queries = []
    for each in wanted:
        name, first, last = each.split("@")
        model = models[TableName(*name.split("."))]
        bounds = {key: value.isoformat() for key, value in _bounds(model, [first, last]).items()}
        queries.append((to_duckdb(model.sql), bounds))
    return {"prepare": list(PREPARE), "queries": queries}


def write_numbers(name: str) -> dict[str, Any]:
    """The query of aggregates that the checks of a table without partitions are compiled to."""
    model = _graph().models[TableName(*name.split("."))]
    numbers = ", ".join(each.sql for each in asked(promised(model).promises))
    types = {column.name: column.type for column in model.columns}
    return {"prepare": list(PREPARE), "query": to_duckdb(f"SELECT {numbers} FROM {name}", {model.name: types})}


WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "floor": write_floor,
    "sizes": count_sizes,
    "step": build_one_by_one,
    "plan": plan_change,
    "queries": write_queries,
    "numbers": write_numbers,
}


def _graph() -> Graph:
    project = load_project(Path.cwd()).project
    assert project is not None
    return compile_project(project).graph


def _opened(graph: Graph) -> contextlib.closing[Engine]:
    return contextlib.closing(open_engine(graph, lambda _: None))


def _database(graph: Graph) -> str:
    return str(graph.project.root / graph.project.environment.path)


def _run(plan: Plan, graph: Graph, engine: Engine, snapshot: Snapshot) -> Report:
    return run_plan(plan, graph, engine, snapshot.ledger, run_id="benchmark", progress=_Silent())


def _bounds(model: CompiledModel, partitions: Sequence[str]) -> dict[str, date]:
    """The parameters of a model's SQL for partitions that follow one another."""
    calendar = model.calendar
    if calendar is None:
        return {}
    end = calendar.next(calendar.parse(partitions[-1]))
    bounds = {"start": calendar.value(calendar.parse(partitions[0])), "end": calendar.value(end)}
    sql = to_duckdb(model.sql)
    return {name: value for name, value in bounds.items() if f"${name}" in sql}  # DuckDB refuses any others


def _load(graph: Graph, source: Source) -> tuple[str, dict[str, str]]:
    assert source.local is not None
    path = locate(graph.project.root, source.local)
    assert isinstance(path, Path)
    types = ", ".join(f"'{column.name}': '{type_to_duckdb(column.type)}'" for column in source.columns)
    nulls = ", ".join(f"'{text}'" for text in source.local.nulls)
    reader = f"read_csv($file, header = true, nullstr = [{nulls}], types = {{{types}}})"
    return f"CREATE TABLE {source.name} AS SELECT * FROM {reader}", {"file": str(path)}


def _floor_statements(graph: Graph, model: CompiledModel, due: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """One query for all partitions, or one for each where they can't be built together."""
    sql = to_duckdb(model.sql, schemas_of(graph, model.name))
    shares = [[each] for each in due] if model.one_by_one and model.calendar is not None else [due]
    bounds = [{name: value.isoformat() for name, value in _bounds(model, share).items()} for share in shares]
    if model.model.kind is Kind.VIEW:
        yield f"CREATE VIEW {model.name} AS {sql}", bounds[0]
        return
    if any(edge.table == model.name for edge in model.inputs):
        columns = ", ".join(f"{column.name} {type_to_duckdb(column.type)}" for column in model.columns)
        yield f"CREATE TABLE {model.name} ({columns})", {}
    else:
        yield f"CREATE TABLE {model.name} AS {sql}", bounds.pop(0)
    yield from ((f"INSERT INTO {model.name} {sql}", each) for each in bounds)


if __name__ == "__main__":
    answer(WORKS[sys.argv[1]](*sys.argv[2:]))
