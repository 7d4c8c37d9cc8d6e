"""What Google's analyzer costs: a process of it, and ``aggregator dry-run`` of a project of many models."""

from __future__ import annotations

import functools
import importlib.util
import os
import statistics
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.figures import MIB, Figure, Goal, Row, Workshop
from benchmarks.generate import design, write_project
from benchmarks.measure import ROOT, ChildError, Cost, ask_module, median
from benchmarks.scale import after, cold, filtered, forget, parse, widened
from benchmarks.tree import Tree, run_tree, watch_tree

BOUNDS: Mapping[int, tuple[float, float, float]] = {100: (6, 0.6, 3), 1000: (45, 1.0, 3)}
"""What is meant to be enough, by the number of models: seconds of CPU for all, for nothing and for one that changed."""

FIRST_BOUND, SMALL_BOUND, LARGE_BOUND, WORKER_BOUND = 0.4, 20, 100, 150
"""Seconds to the first verdict; milliseconds for a small and a large statement; MB of a process."""

WORKER = "aggregator.analyzers.googlesql.worker"
"""What the command lines of the analyzer's processes have in them."""

_PACKAGES = ("wasmtime", "zetasql")
_RUNS = {100: 3, 1000: 1}
_WARM_RUNS, _STARTS = 5, 5
_DOWNSTREAM = 50
_MB = 1_000_000


def analyzer(workshop: Workshop) -> Figure:
    """A process of the analyzer from its start to the first verdict, and statements once it is warm."""
    _require()
    folder = workshop.folder()
    _compile(folder)
    first = median([Cost(**_ask("start", folder)["first"]) for _ in range(_STARTS)])
    rows, goals = [Row("start to first verdict", first)], []
    for size, bound in (("small", SMALL_BOUND), ("large", LARGE_BOUND)):
        found = _ask("statements", folder)[size]
        costs = [Cost(**each) for each in found["costs"]]
        rows.append(Row(f"a {size} statement", median(costs), f"{found['lines']} lines, over tables not seen before"))
        milliseconds = 1000 * statistics.median(each.cpu for each in costs)
        goals.append(Goal(f"CPU of a {size} statement", milliseconds, bound, "ms"))
    goals += [
        Goal("wall time to the first verdict", first.wall, FIRST_BOUND, "s"),
        Goal("peak memory of a process", first.peak / _MB, WORKER_BOUND, "MB"),
    ]
    return Figure("Google's analyzer, compiled before", tuple(rows), tuple(goals))


def dry_run(models: int, workshop: Workshop) -> Figure:
    """Dry-run a project: all of it, again, and after one model changed; beside linting and parsing the same SQL."""
    _require()
    made, folder, runs = design(models), workshop.folder(), _RUNS[models]
    write_project(made, folder)
    _compile(folder)
    floor = median([parse(made, folder) for _ in range(runs)])
    linted = median([cold(folder) for _ in range(runs)])
    firsts = [_cold(folder) for _ in range(runs)]
    first = median([each.cost for each in firsts])
    again = median([judge(folder).cost for _ in range(_WARM_RUNS)])
    changed = made.with_downstream(_DOWNSTREAM)
    behind = f"{changed.name}, {len(made.downstream[changed.name])} downstream"
    edits = [after(edit, changed, folder, runs, lambda each: judge(each).cost) for edit in (filtered, widened)]
    rows = (
        Row("aggregator dry-run, cold", first, _size(models, first, firsts), first.cpu / floor.cpu),
        Row("lint, cold: without the analyzer", linted, "", linted.cpu / floor.cpu),
        Row("floor: sqlglot.parse alone", floor, "one process", 1.0),
        Row("dry-run, nothing changed", again),
        Row("dry-run, a filter changed", edits[0], behind),
        Row("dry-run, a column added", edits[1], behind),
    )
    reached = (first.cpu, again.cpu, max(each.cpu for each in edits))
    whats = ("CPU of a cold dry run", "CPU with nothing changed", "CPU with one model changed")
    goals = (Goal(what, cpu, bound, "s") for what, cpu, bound in zip(whats, reached, BOUNDS[models], strict=True))
    return Figure(f"{models:,} models judged; memory is the PSS of all processes", rows, tuple(goals))


def judge(folder: Path) -> Tree:
    """What ``aggregator dry-run`` costs with all its processes. A project that is refused can't be measured."""
    command = [sys.executable, "-m", "aggregator", "dry-run", "--layer", "googlesql", "--quiet"]
    return watch_tree(command, folder, _variables())


ANALYZER: Mapping[str, Callable[[Workshop], Figure]] = {
    "analyzer": analyzer,
    "dry-run": functools.partial(dry_run, 100),
    "dry-run-1000": functools.partial(dry_run, 1000),
}


def _require() -> None:
    missing = [package for package in _PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        raise ChildError(f"{' and '.join(missing)} not installed: pip install 'aggregator[googlesql]'")


def _compile(folder: Path) -> None:
    """Once on a machine: about a minute that no figure is about."""
    run_tree([sys.executable, "-m", "aggregator", "setup-analyzer"], folder, _variables())


def _variables() -> Mapping[str, str]:
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}


def _ask(work: str, folder: Path) -> Mapping[str, Mapping[str, object]]:
    answer: Mapping[str, Mapping[str, object]] = ask_module("benchmarks.judging", work, folder=folder)
    return answer


def _cold(folder: Path) -> Tree:
    forget(folder)
    return judge(folder)


def _size(models: int, cost: Cost, trees: list[Tree]) -> str:
    main, workers = (max(each.peak_of(name) for each in trees) / MIB for name in ("", WORKER))
    each = f"{1000 * cost.cpu / models:.1f} ms of CPU per model"
    return f"{models:,} models, {each}; the command {main:.0f} MiB, one process of the analyzer {workers:.0f} MiB"
