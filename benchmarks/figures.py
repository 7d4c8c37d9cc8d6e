"""The figures: what is run, how often, what is compared with what, and how much is meant to be enough."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.measure import ROOT, Cost, ask_module, median, run_module

YEAR_RUNS, STEP_RUNS, COMMAND_RUNS = 3, 3, 9
MIB = 1 << 20
ONE_BY_ONE = ("marts.trailing_performance", "marts.cumulative_flights")
"""The models of the demo whose partitions can't be built together: each is a step of its own."""


@dataclasses.dataclass(frozen=True)
class Row:
    """Something measured. ``ratio`` is its CPU over that of what it is compared with."""

    what: str
    cost: Cost
    size: str = ""
    ratio: float | None = None


@dataclasses.dataclass(frozen=True)
class Goal:
    """A number reached, and the most that it is meant to be."""

    what: str
    reached: float
    bound: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it is good enough."""
        return self.reached <= self.bound


@dataclasses.dataclass(frozen=True)
class Figure:
    """What was found out about one question."""

    title: str
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...] = ()


class Workshop:
    """Copies of the demo project in a temporary folder; the repository's own is never run."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made = 0

    def project(self, of: Path = ROOT) -> Path:
        """A copy to work in: of the project as committed, without a warehouse, or of one that was built."""
        self._made += 1
        folder = self._root / f"project-{self._made}"
        folder.mkdir()
        shutil.copy(of / "aggregator.yml", folder)
        for each in ("models", "macros", *([] if of == ROOT else [".aggregator"])):
            shutil.copytree(of / each, folder / each)
        return folder

    @functools.cached_property
    def built(self) -> Path:
        """A project of which everything is fresh."""
        folder = self.project()
        aggregator("run", "--quiet", folder=folder)
        return folder

    @functools.cached_property
    def upstream(self) -> Path:
        """A project in which what :data:`ONE_BY_ONE` reads is built."""
        folder = self.project()
        aggregator("run", "--quiet", "--select", "+marts.daily_performance", folder=folder)
        return folder

    @functools.cached_property
    def floor(self) -> Path:
        """The statements of the floor, in a file."""
        script = self._root / "floor.json"
        script.write_text(json.dumps(ask_module("benchmarks.inside", "floor", folder=self.project())))
        return script


def aggregator(*arguments: str, folder: Path) -> Cost:
    """The cost of a command."""
    return run_module("aggregator", *arguments, folder=folder)[0]


def demo(workshop: Workshop) -> Figure:
    """A year of the demo from nothing, and the same year without the framework.

    Beside the rows, the framework cuts them into partitions, checks and digests each, and records what it was made
    from. What that costs is the ratio to the floor. The two models that are built day by day count fully in the run,
    but with a single query in the floor.
    """
    runs, floors, parts = [], [], []
    for _ in range(YEAR_RUNS):
        folder = workshop.project()
        runs.append(aggregator("run", "--quiet", folder=folder))
        plain = folder / "floor.duckdb"
        cost, printed = run_module("benchmarks.floor", workshop.floor, plain, folder=folder)
        floors.append(cost)
        parts.append(json.loads(printed))
    year, floor = median(runs), median(floors)
    sizes = ask_module("benchmarks.inside", "sizes", folder=folder)
    ratio = year.cpu / floor.cpu
    return Figure(
        "the demo's year, from an empty database",
        (
            Row(
                "aggregator run",
                year,
                f"{_sized(sizes, 'partitions')}, {_megabytes(folder.glob('.*/*.duckdb'))}",
                ratio,
            ),
            Row("floor: DuckDB alone", floor, f"{_sized(parts[-1], 'tables')}, {_megabytes([plain])}", 1.0),
            *(Row(f"  of it: {part}", median([Cost(**each[part]) for each in parts])) for part in ("load", "query")),
        ),
        (
            Goal("CPU of the run over the floor's", ratio, 8, "×"),
            Goal("peak memory of the run", year.peak / MIB, 1536, "MiB"),
        ),
    )


def step(workshop: Workshop) -> Figure:
    """What a partition costs on top of its query, where partitions can't be built together.

    A long backfill of such a model is this, thousands of times: stage, check, digest, publish, record, commit.
    """
    rows, goals = [], []
    for model in ONE_BY_ONE:
        folders = [workshop.project(workshop.upstream) for _ in range(STEP_RUNS)]
        answers = [ask_module("benchmarks.inside", "step", model, folder=folder) for folder in folders]
        run = median([Cost(**each["run"]) for each in answers])
        bare = median([Cost(**each["bare"]) for each in answers])
        steps = answers[-1]["steps"]
        rows += [
            Row(model, run, f"{steps} steps", run.cpu / bare.cpu),
            Row("  its bare query", bare, f"{steps} queries", 1.0),
        ]
        goals.append(Goal(f"CPU per step over the bare query, {model}", (run.cpu - bare.cpu) / steps * 1000, 5, "ms"))
    return Figure("steps of one partition", tuple(rows), tuple(goals))


def idle(workshop: Workshop) -> Figure:
    """What a command costs that has nothing to do: what is felt at the prompt, and paid by every scheduled run."""
    folder = workshop.built
    run = median([aggregator("run", folder=folder) for _ in range(COMMAND_RUNS)])
    usage = median([aggregator("--help", folder=folder) for _ in range(COMMAND_RUNS)])
    return Figure(
        "commands with nothing to do",
        (
            Row(
                "aggregator run",
                run,
                f"{ask_module('benchmarks.inside', 'sizes', folder=folder)['partitions']:,} fresh partitions",
            ),
            Row("aggregator --help", usage),
        ),
        (Goal("CPU of aggregator run", run.cpu, 1.0, "s"), Goal("CPU of aggregator --help", usage.cpu, 0.25, "s")),
    )


def plan(workshop: Workshop) -> Figure:
    """Reading the state of the warehouse and planning, after one day of a source changed: both without any building."""
    folders = [workshop.project(workshop.built) for _ in range(STEP_RUNS)]
    answers = [ask_module("benchmarks.inside", "plan", folder=folder) for folder in folders]
    reading = median([Cost(**each["snapshot"]) for each in answers])
    planning = median([Cost(**each["plan"]) for each in answers])
    last = answers[-1]
    found = f"{last['stale']} of {last['due']:,} partitions stale, {last['steps']} steps"
    return Figure("planning after one day changed", (Row("snapshot", reading), Row("make_plan", planning, found)))


FIGURES: dict[str, Callable[[Workshop], Figure]] = {"demo": demo, "step": step, "idle": idle, "plan": plan}


def _sized(sizes: dict[str, int], things: str) -> str:
    return f"{sizes[things]:,} {things}, {sizes['rows']:,} rows"


def _megabytes(files: Iterable[Path]) -> str:
    return f"{sum(file.stat().st_size for file in files) / MIB:.0f} MiB"
