"""What a project of many models costs to compile and lint, and a small one to build."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.figures import Figure, Goal, Row, Workshop, aggregator
from benchmarks.generate import Design, design, path_of, write_project
from benchmarks.measure import ROOT, Cost, ask_module, median, run_module
from benchmarks.tables import Model
from benchmarks.tree import run_tree

BOUNDS: Mapping[int, Mapping[str, float]] = {
    100: {},
    1000: {"nothing changed": 0.8, "one changed": 1.2, "memory": 350},
    5000: {"nothing changed": 2.5},
}
"""What is meant to be enough, by the number of models: seconds of CPU, and MB."""

COLD_BOUND = 3
"""How many times the floor everything may take, whatever the number of models."""

_RUNS = {100: 3, 1000: 3, 5000: 1}
_WARM_RUNS = 5
_DOWNSTREAM = 50
_BUILT, _BUILD_BOUND = 100, 5.0
_MB = 1_000_000


def lint(folder: Path) -> Cost:
    """The cost of ``aggregator lint`` with all its processes. A project with findings can't be measured."""
    return run_module("aggregator", "lint", folder=folder)[0]


def memory(folder: Path) -> int:
    """The memory of a cold lint, all processes together. To look at it slows them down, so this is a run of its own."""
    forget(folder)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return run_tree([sys.executable, "-m", "aggregator", "lint"], folder, {"PYTHONPATH": path})[0].peak


def forget(folder: Path) -> None:
    """Remove all that aggregator remembers of a project."""
    shutil.rmtree(folder / ".aggregator", ignore_errors=True)


def cold(folder: Path) -> Cost:
    """The cost of linting a project that was never looked at."""
    forget(folder)
    return lint(folder)


def scale(models: int, workshop: Workshop) -> Figure:
    """Lint a project: all of it, again, and after one model changed; beside bare parsing of the same SQL."""
    made, folder, runs = design(models), workshop.folder(), _RUNS[models]
    write_project(made, folder)
    floor = median([parse(made, folder) for _ in range(runs)])
    first = dataclasses.replace(median([cold(folder) for _ in range(runs)]), peak=memory(folder))
    again = median([lint(folder) for _ in range(_WARM_RUNS)])
    changed = made.with_downstream(_DOWNSTREAM)
    behind = f"{changed.name}, {len(made.downstream[changed.name])} downstream"
    fewer, wider = (after(edit, changed, folder, runs) for edit in (filtered, widened))
    characters = sum(len(model.sql()) for model in made.models)
    size = f"{models:,} models, {characters / _MB:.1f} MB of SQL, {1000 * first.cpu / models:.1f} ms of CPU per model"
    rows = (
        Row("aggregator lint, cold", first, size, first.cpu / floor.cpu),
        Row("floor: sqlglot.parse alone", floor, "one process", 1.0),
        Row("lint, nothing changed", again),
        Row("lint, a filter changed", fewer, behind),
        Row("lint, a column added", wider, behind),
    )
    title = f"{models:,} models; memory of a cold lint is the PSS of all its processes"
    return Figure(title, rows, tuple(_goals(models, rows)))


def build(workshop: Workshop) -> Figure:
    """Build a generated project on DuckDB from nothing, and its SQL without the framework."""
    runs, floors = [], []
    made, project = design(_BUILT), workshop.folder()
    write_project(made, project)
    script = project / "floor.json"
    script.write_text(json.dumps(ask_module("benchmarks.inside", "floor", folder=project)))
    for number in range(_RUNS[_BUILT]):
        forget(project)
        runs.append(aggregator("run", "--quiet", folder=project))
        cost, printed = run_module("benchmarks.floor", script, f"floor-{number}.duckdb", folder=project)
        floors.append(cost)
    run, floor, plain = median(runs), median(floors), json.loads(printed)
    built = ask_module("benchmarks.inside", "sizes", folder=project)
    rows = (
        Row("aggregator run", run, "{partitions:,} partitions, {rows:,} rows".format(**built), run.cpu / floor.cpu),
        Row("floor: DuckDB alone", floor, "{tables} tables, {rows:,} rows".format(**plain), 1.0),
    )
    goals = (Goal("CPU of the run", run.cpu, _BUILD_BOUND, "s"),)
    return Figure(f"{_BUILT} models from an empty database, checks included", rows, goals)


SCALES: Mapping[str, Callable[[Workshop], Figure]] = {
    f"scale-{models}": functools.partial(scale, models) for models in BOUNDS
}


def _goals(models: int, rows: tuple[Row, ...]) -> list[Goal]:
    first, floor, again, *changed = (row.cost for row in rows)
    bounds = BOUNDS[models]
    goals = [
        Goal("CPU of a cold lint over the floor's", first.cpu / floor.cpu, COLD_BOUND, "×"),
        Goal("wall time of a cold lint over the floor's", first.wall / floor.wall, COLD_BOUND, "×"),
    ]
    if "nothing changed" in bounds:
        goals.append(Goal("CPU with nothing changed", again.cpu, bounds["nothing changed"], "s"))
    if "one changed" in bounds:
        worst = max(cost.cpu for cost in changed)
        goals.append(Goal("CPU with one model changed", worst, bounds["one changed"], "s"))
    if "memory" in bounds:
        peak = max(cost.peak for cost in (first, again, *changed))
        goals.append(Goal("peak memory", peak / _MB, bounds["memory"], "MB"))
    return goals


def parse(made: Design, folder: Path) -> Cost:
    """The cost of parsing all SELECTs as they are without Jinja, in one process, its start not counted."""
    texts = folder / "texts.json"
    texts.write_text(json.dumps([model.sql() for model in made.models]))
    return Cost(**ask_module("benchmarks.bare", texts, folder=folder)["parse"])


def after(
    edit: Callable[[str, str, int], str],
    model: Model,
    folder: Path,
    runs: int,
    work: Callable[[Path], Cost] = lint,
) -> Cost:
    """The cost of some work after an edit of one model, each time one that was never seen before."""
    file, costs = path_of(folder, model), []
    before = file.read_text()
    for number in range(runs):
        file.write_text(edit(before, model.key[1], number))
        costs.append(work(folder))
    file.write_text(before)
    work(folder)  # so that the next edit is the only one, too
    return median(costs)


def filtered(text: str, column: str, number: int) -> str:
    """Other rows, the same columns."""
    return f"{text.rstrip()}\nWHERE CAST({column} AS STRING) != 'none-{number}'\n"


def widened(text: str, column: str, number: int) -> str:
    """One more column, described like the others: whoever reads the model sees another schema."""
    described = text.replace("\ncolumns:\n", f"\ncolumns:\n  label_{number}: Label {number} of the row\n", 1)
    items, _, table = described.rpartition("\nFROM ")
    return f"{items},\n  CONCAT(CAST({column} AS STRING), '-{number}') AS label_{number}\nFROM {table}"
