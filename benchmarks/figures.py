"""The figures: what is run, how often, what is compared with what, and how much is meant to be enough."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import ROOT, Cost, ask_module, median, run_module

YEAR_RUNS, STEP_RUNS, COMMAND_RUNS = 3, 3, 9
MIB = 1 << 20
ONE_BY_ONE = ("marts.trailing_performance", "marts.cumulative_flights")
"""The models of the demo whose partitions can't be built in one query."""


@dataclasses.dataclass(frozen=True)
class Row:
    """Something measured. ``ratio`` is its CPU over that of what it is compared with."""

    what: str
    cost: Cost
    size: str = ""
    ratio: float | None = None


@dataclasses.dataclass(frozen=True)
class Goal:
    """A number reached, and the most that it is meant to be; or the least, if more is better."""

    what: str
    reached: float
    bound: float
    unit: str
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is good enough."""
        return self.reached >= self.bound if self.is_least else self.reached <= self.bound


@dataclasses.dataclass(frozen=True)
class Figure:
    """What was found out about one question. ``notes`` are lines that are no cost."""

    title: str
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()


class Workshop:
    """Copies of the demo project in a temporary folder; the repository itself is only read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ready: dict[tuple[str, ...], Path] = {}

    def folder(self) -> Path:
        """A new, empty folder."""
        return Path(tempfile.mkdtemp(dir=self._root))

    def project(self, of: Path = ROOT) -> Path:
        """A copy to work in: without a warehouse if it is of the repository, otherwise with it."""
        folder = self.folder()
        shutil.copy(of / "aggregator.yml", folder)
        for each in ("models", "macros") if of == ROOT else ("models", "macros", ".aggregator"):
            shutil.copytree(of / each, folder / each)
        return folder

    def ready(self, *selection: str) -> Path:
        """A project of which these models are fresh, all by default. Copy it before changing it."""
        if selection not in self._ready:
            self._ready[selection] = self.project()
            aggregator("run", "--quiet", *(f"--select={each}" for each in selection), folder=self._ready[selection])
        return self._ready[selection]


def aggregator(*arguments: str, folder: Path) -> Cost:
    """The cost of a command."""
    return run_module("aggregator", *arguments, folder=folder)[0]


def demo(workshop: Workshop) -> Figure:
    """A year of the demo from nothing, and the same year without the framework.

    The framework also cuts the rows into partitions, checks and digests each, and records what it was made from; the
    ratio to the floor is what that costs. The two models of :data:`ONE_BY_ONE` are hundreds of queries in the run, but
    a single one each in the floor.
    """
    script = workshop.project() / "floor.json"
    script.write_text(json.dumps(ask_module("benchmarks.inside", "floor", folder=script.parent)))
    runs, floors, parts = [], [], []
    for _ in range(YEAR_RUNS):
        folder = workshop.project()
        runs.append(aggregator("run", "--quiet", folder=folder))
        cost, printed = run_module("benchmarks.floor", script, "floor.duckdb", folder=folder)
        floors.append(cost)
        parts.append(json.loads(printed))
    run, floor, built = median(runs), median(floors), ask_module("benchmarks.inside", "sizes", folder=folder)
    sizes = f"{built['partitions']:,} partitions, {built['rows']:,} rows, {_size(folder / '.aggregator')}"
    plain = f"{parts[-1]['tables']} tables, {parts[-1]['rows']:,} rows, {_size(folder)}"
    rows = [Row("aggregator run", run, sizes, run.cpu / floor.cpu), Row("floor: DuckDB alone", floor, plain, 1.0)]
    rows += [Row(f"  of it: {part}", median([Cost(**each[part]) for each in parts])) for part in ("load", "query")]
    goals = (
        Goal("CPU of the run over the floor's", run.cpu / floor.cpu, 8, "×"),
        Goal("peak memory of the run", run.peak / MIB, 1536, "MiB"),
    )
    return Figure("a year from an empty database", tuple(rows), goals)


def step(workshop: Workshop) -> Figure:
    """What a partition costs on top of its query, where partitions can't be built together.

    A long backfill of such a model is this, thousands of times: stage, check, digest, publish, record, commit.
    """
    rows, goals = [], []
    for model in ONE_BY_ONE:
        folders = [workshop.project(workshop.ready("+marts.daily_performance")) for _ in range(STEP_RUNS)]
        answers = [ask_module("benchmarks.inside", "step", model, folder=folder) for folder in folders]
        run, bare = (median([Cost(**each[part]) for each in answers]) for part in ("run", "bare"))
        number = answers[-1]["partitions"]
        rows.append(Row(model, run, f"{number} partitions", run.cpu / bare.cpu))
        rows.append(Row("  its query alone", bare, f"{number} queries", 1.0))
        goals.append(Goal(f"CPU per partition over its query, {model}", (run.cpu - bare.cpu) / number * 1000, 5, "ms"))
    return Figure("partitions built one by one", tuple(rows), tuple(goals))


def idle(workshop: Workshop) -> Figure:
    """What a command costs that has nothing to do: what is felt at the prompt, and paid by every scheduled run."""
    folder = workshop.ready()
    run, usage = (
        median([aggregator(command, folder=folder) for _ in range(COMMAND_RUNS)]) for command in ("run", "--help")
    )
    goals = (Goal("CPU of aggregator run", run.cpu, 1.0, "s"), Goal("CPU of aggregator --help", usage.cpu, 0.25, "s"))
    return Figure("commands with nothing to do", (Row("aggregator run", run), Row("aggregator --help", usage)), goals)


def plan(workshop: Workshop) -> Figure:
    """Reading the state of the warehouse, and planning, after one day of a source changed. Nothing is built."""
    folders = [workshop.project(workshop.ready()) for _ in range(STEP_RUNS)]
    answers = [ask_module("benchmarks.inside", "plan", folder=folder) for folder in folders]
    snapshot, planning = (median([Cost(**each[part]) for each in answers]) for part in ("snapshot", "plan"))
    found = "{stale} of {due:,} partitions stale, {steps} steps".format(**answers[-1])
    return Figure("one day of a source changed", (Row("snapshot", snapshot), Row("make_plan", planning, found)))


FIGURES: dict[str, Callable[[Workshop], Figure]] = {"demo": demo, "step": step, "idle": idle, "plan": plan}


def _size(folder: Path) -> str:
    return f"{sum(file.stat().st_size for file in folder.glob('*.duckdb')) / MIB:.0f} MiB"
