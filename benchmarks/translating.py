"""What ``benchmarks.embedded`` measures, in a process of its own, in a project that is built."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot.errors import SqlglotError

from aggregator.cache import Cache
from aggregator.core.graph import CompiledModel
from aggregator.core.names import TableName
from aggregator.engines.duckdb.called import macros_in
from aggregator.engines.duckdb.connection import in_utc
from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.dialect.translate import translated
from aggregator.engines.duckdb.reading import readable, schemas_of
from aggregator.engines.protocol import QueryError
from aggregator.review import review
from benchmarks.measure import ROOT, Cost, answer, cost_of, median

_OUTLIER = 1.5
"""Groups that take so much longer are told with the case that costs most."""

_REPEATS = 20
"""So often the rows of the constructs are there."""

Types = Mapping[TableName, Mapping[str, str]]


def plain(sql: str) -> str:
    """Sqlglot's own translation, which does not copy the tree either."""
    return sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]


def corrected(sql: str, types: Types) -> str:
    """Ours, not remembered."""
    translated.cache_clear()
    return to_duckdb(sql, types)


def of_models(runs: int) -> dict[str, Any]:
    """The models of the project in this folder, translated, and computed over all that is built."""
    graph = review(Path(), None, Cache(None)).graph
    assert graph is not None
    db = in_utc(duckdb.connect(str(Path(".aggregator/local.duckdb")), read_only=True))
    db.execute("SET threads = 1")
    texts = [(each, readable(each.sql, graph, graph.upstream(each.name))) for each in graph.models.values()]
    types = {each.name: schemas_of(graph, each.name) for each, _ in texts}
    mine = median([cost_of(lambda: [corrected(sql, types[each.name]) for each, sql in texts])[0] for _ in range(runs)])
    theirs = median([cost_of(lambda: [plain(sql) for _, sql in texts])[0] for _ in range(runs)])
    rows = [_row("translated, with corrections", mine, f"{len(texts)} models", theirs)]
    rows.append(_row("translated by sqlglot alone", theirs, "", theirs))
    total, naive, notes = 0.0, 0.0, []
    for model, sql in texts:
        ours, before = (_computed(db, query, model, runs) for query in (corrected(sql, types[model.name]), plain(sql)))
        if ours is None or before is None:
            notes.append(f"{model.name} can't be computed without corrections")
            continue
        total, naive = total + ours.cpu, naive + before.cpu
        rows.append(_row(str(model.name), ours, "", before))
    return {"rows": rows, "notes": notes, "translating": mine.cpu / theirs.cpu, "running": total / naive}


def _computed(db: duckdb.DuckDBPyConnection, sql: str, model: CompiledModel, runs: int) -> Cost | None:
    values = _period(model)
    parameters = {name: value for name, value in values.items() if f"${name}" in sql}
    return _timed(db, sql, parameters, runs)


def _period(model: CompiledModel) -> Mapping[str, date | datetime]:
    if model.calendar is None:
        return {}
    ends = {"start": datetime(2013, 1, 1), "end": datetime(2014, 1, 1)}  # noqa: DTZ001  (a wall clock's)
    return {name: model.calendar.value(each) for name, each in ends.items()}


def _timed(db: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any], runs: int) -> Cost | None:
    """A query, after one run that plans it; None where it can't be computed."""
    for macro in macros_in(sql, {}):
        db.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")
    try:
        db.execute(sql, parameters).fetchall()
        return median([cost_of(lambda: db.execute(sql, parameters).fetchall())[0] for _ in range(runs)])
    except duckdb.Error:
        return None


def of_groups(runs: int) -> dict[str, Any]:
    """The cases of each group that both translations can compute, on many rows."""
    sys.path.insert(0, str(ROOT / "tests"))
    from side_by_side import compare, random_rows  # noqa: PLC0415
    from side_by_side.agreed_cases import GROUPS  # noqa: PLC0415

    types: Types = {TableName("", "t"): random_rows.COLUMNS}
    rows, notes = [], []
    with _filled(random_rows) as db:
        for group, cases in GROUPS.items():
            ours, before, worst = [], [], (0.0, "")
            for case in filter(compare.is_expression, cases):
                pair = [
                    _tried(db, make, compare.query_of(case), runs)
                    for make in (lambda sql: corrected(sql, types), plain)
                ]
                if all(pair):
                    ours.append(pair[0])
                    before.append(pair[1])
                    worst = max(worst, (pair[0].cpu - pair[1].cpu, f"{case}: {pair[0].cpu / pair[1].cpu:.0f}×"))
            if ours:
                rows.append(_row(group, _sum(ours), f"{len(ours)} cases", _sum(before)))
                if rows[-1]["ratio"] > _OUTLIER:
                    notes.append(f"most of it in {group}: {worst[1]}")
    return {"rows": rows, "notes": notes}


def _tried(db: duckdb.DuckDBPyConnection, make: Callable[[str], str], sql: str, runs: int) -> Cost | None:
    try:
        return _timed(db, make(sql), {}, runs)
    except (QueryError, SqlglotError):
        return None


@contextlib.contextmanager
def _filled(random_rows: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    from side_by_side.compare import opened  # noqa: PLC0415

    with opened(random_rows.rows(1, 1_000)) as engine:
        db = engine._db  # noqa: SLF001  (the tests' own)
        db.execute("SET threads = 1")
        db.execute(f"CREATE OR REPLACE TEMP TABLE t AS SELECT t.* FROM t, range({_REPEATS})")
        yield db
        db.execute("DROP TABLE temp.t")


def _sum(costs: list[Any]) -> Cost:
    return Cost(sum(each.cpu for each in costs), sum(each.wall for each in costs), max(each.peak for each in costs))


def _row(what: str, cost: Cost, size: str, over: Cost) -> dict[str, Any]:
    return {"what": what, "cost": dataclasses.asdict(cost), "size": size, "ratio": cost.cpu / over.cpu}


if __name__ == "__main__":
    answer({"models": of_models, "groups": of_groups}[sys.argv[1]](int(sys.argv[2])))
