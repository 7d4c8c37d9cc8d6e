"""What tasks do, without Airflow: partitions built and awaited by the code that ``aggregator run`` uses."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aggregator.airflow.asked import Asked
from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.plan import Plan
from aggregator.core.report import Status, StepResult
from aggregator.core.warehouse import Snapshot
from aggregator.engines import Engine, open_engine
from aggregator.export.manifest.file import read_manifest
from aggregator.export.manifest.graph import graph_of
from aggregator.plan import make_plan
from aggregator.plan.limit import limited
from aggregator.plan.scheduled import Missing, awaited, awaited_latest, missing
from aggregator.run import run_plan

Say = Callable[[str], None]
BUSY_SECONDS = 600.0
"""How long a task waits for another one that has the warehouse of a laptop open."""


class FailedError(Exception):
    """Something that trying again will not mend: what it is, and what will."""


def read_graph(manifest: str, root: str) -> Graph:
    """The graph of a manifest, which is looked at closely first. Raises :class:`ManifestError`."""
    found = read_manifest(Path(manifest))
    found.check()
    return graph_of(found.content, Path(root))


@contextlib.contextmanager
def at_work(graph: Graph, say: Say, wait: float = BUSY_SECONDS) -> Iterator[Engine]:
    """The warehouse, open, with its sources up to date. Raises ``WarehouseError``."""
    engine = open_engine(graph, say, wait=wait)
    try:
        problems = engine.ingest()
        if problems:
            raise FailedError("\n".join(map(told, problems)))
        yield engine
    finally:
        engine.close()


@dataclasses.dataclass
class Built:
    """How the partitions of one model ended: what a task leaves for others to see."""

    model: str
    fingerprint: str
    partitions: tuple[str, ...] = ()
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    rows: int = 0
    bytes: int | None = None
    problems: list[Diagnostic] = dataclasses.field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed and nothing was blocked."""
        return not self.problems

    def json(self) -> dict[str, Any]:
        """A few plain words and numbers."""
        ends = [self.partitions[0] or None, self.partitions[-1] or None] if self.partitions else []
        return {
            "partitions": ends,
            "count": len(self.partitions),
            **self.counts,
            "rows": self.rows,
            "bytes": self.bytes,
            "fingerprint": self.fingerprint,
        }

    def add(self, result: StepResult) -> None:
        """Count what one step did."""
        self.counts[str(result.status)] = self.counts.get(str(result.status), 0) + len(result.partitions)
        self.rows += result.rows if result.status is Status.BUILT else 0
        if result.bytes is not None:
            self.bytes = (self.bytes or 0) + result.bytes
        if result.problem is not None:
            self.problems.append(result.problem)


class Talk:
    """Progress as lines of a log, and as counts."""

    def __init__(self, builts: dict[TableName, Built], say: Say) -> None:
        self._builts = builts
        self._say = say

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """The plan was said already."""

    def advance(self, result: StepResult) -> None:
        """A line for each step."""
        self._builts[result.model].add(result)
        size = f", {result.bytes:,} bytes" if result.bytes is not None else ""
        rows = f", {result.rows:,} rows{size}" if result.status in (Status.BUILT, Status.UNCHANGED) else ""
        problem = f": {told(result.problem)}" if result.problem is not None else ""
        which = named(result.model, result.partitions)
        self._say(f"{which}: {result.status}{rows}, {result.seconds:.2f} s{problem}")


def build(engine: Engine, graph: Graph, names: Sequence[TableName], asked: Asked, run_id: str, say: Say) -> list[Built]:
    """Build what is asked of some models, upstream first; what reads one that failed is not begun.

    Raises :class:`FailedError` if a table that reads itself lacks the partition before.
    """
    builts: dict[TableName, Built] = {}
    for name in names:
        model = graph.models[name]
        built = builts[name] = Built(str(name), model.fingerprint)
        cause = next((each for each in graph.reads[name] if each in builts and not builts[each].is_clean), None)
        if cause is not None:
            say(f"{name}: not built, as it reads {cause}, which failed")
            built.problems += builts[cause].problems[:1]
            built.counts[str(Status.BLOCKED)] = 1
            continue
        snapshot = engine.snapshot()
        built.partitions = asked.partitions(graph, name, snapshot.now)
        if not built.partitions:
            say(f"{name}: no partition falls to this run")
            continue
        _refuse_gap(graph, snapshot, name, built.partitions)
        plan = make_plan(
            graph, snapshot, selected=[name], interval=_around(graph, name, built.partitions), full=asked.is_full
        )
        say_plan(plan, graph, say)
        if not plan.steps:
            say(f"{named(name, built.partitions)}: fresh, nothing to build")
        run_plan(plan, graph, engine, snapshot.ledger, run_id=run_id, progress=Talk(builts, say))
    return list(builts.values())


def repair(engine: Engine, graph: Graph, most: int, run_id: str, say: Say) -> tuple[list[Built], int]:
    """Build what is stale, upstream first, as far as a budget of partitions goes; gives how many are left, too."""
    snapshot = engine.snapshot()
    plan, left = limited(make_plan(graph, snapshot, selected=graph.models), most)
    say_plan(plan, graph, say)
    names = dict.fromkeys(step.model for step in plan.steps)
    builts = {name: Built(str(name), graph.models[name].fingerprint) for name in names}
    for step in plan.steps:
        builts[step.model].partitions += step.partitions
    run_plan(plan, graph, engine, snapshot.ledger, run_id=run_id, progress=Talk(builts, say))
    return list(builts.values()), sum(len(step.partitions) for step in left)


def say_plan(plan: Plan, graph: Graph, say: Say) -> None:
    """What will be built, and why."""
    for step in plan.steps:
        cause = f": {step.stale.detail}" if step.stale.detail else ""
        say(f"{named(step.model, step.partitions)}: to be built, {step.stale.reason}{cause}")
    for name in plan.unselected:
        say(f"note: {name}, which is read, has partitions that are not fresh (owner: {graph.models[name].model.owner})")


def wanted(graph: Graph, readers: Sequence[TableName], table: TableName, asked: Asked, snapshot: Snapshot) -> list[str]:
    """The partitions of a table that have to be there for what is asked of its readers, oldest first."""
    found = set[str]()
    for each in readers:
        partitions = asked.partitions(graph, each, snapshot.now)
        found.update(awaited(graph, each, partitions, table))
        found.update(awaited_latest(graph, snapshot, each, partitions, table))
    return sorted(found)


def looked(graph: Graph, table: TableName, partitions: Sequence[str], say: Say, wait: float) -> Missing | None:
    """Which partitions are not there, asked of the warehouse."""
    with at_work(graph, say, wait) as engine:
        return missing(graph, engine.snapshot(), table, partitions)


def complaint(builts: Sequence[Built]) -> str:
    """What failed, each cause once, and what to do; empty if nothing did."""
    problems = list(dict.fromkeys(told(each) for built in builts for each in built.problems))
    if not problems:
        return ""
    models = " ".join(f"--select {built.model}" for built in builts if not built.is_clean)
    return "\n".join([*problems, f"next: mend the cause, then clear this task, or `aggregator run {models}`"])


def told(problem: Diagnostic) -> str:
    """A finding on a line, with its place and what helps."""
    place = f"{problem.place.path}:{problem.place.line}:{problem.place.column}"
    advice = f" (help: {problem.help})" if problem.help else ""
    return f"{place}: {problem.code.id} {problem.message}{advice}"


def named(name: TableName, partitions: Sequence[str]) -> str:
    """Partitions of a table, for people."""
    if not partitions or partitions == ("",):
        return str(name)
    return f"{name}@{partitions[0]}" + (f"..{partitions[-1]} ({len(partitions)})" if len(partitions) > 1 else "")


def _around(graph: Graph, name: TableName, partitions: Sequence[str]) -> tuple[Any, Any]:
    calendar = graph.models[name].calendar
    if calendar is None:
        return None, None
    return calendar.parse(partitions[0]), calendar.next(calendar.parse(partitions[-1]))


def _refuse_gap(graph: Graph, snapshot: Snapshot, name: TableName, partitions: Sequence[str]) -> None:
    """A table that reads its own partition before is built in order, or it would begin anew in the middle."""
    if all(edge.map.reach is not Reach.PREVIOUS for edge in graph.models[name].inputs):
        return
    needed = [each for each in awaited(graph, name, partitions, name) if each not in partitions]
    lacking = missing(graph, snapshot, name, needed) if needed else None
    if lacking is not None:
        first = lacking.partitions[0]
        raise FailedError(
            f"{lacking}, and {named(name, partitions)} reads it\n"
            f"next: build what is before first, with `aggregator run --select {name}` or a backfill from {first}"
        )
