"""What tasks do, without Airflow: partitions built and awaited by the code that ``aggregator run`` uses."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aggregator.airflow.asked import Asked
from aggregator.core.codec import decode_findings, encode_findings
from aggregator.core.diagnostics import Document
from aggregator.core.estimate import price
from aggregator.core.graph import Graph
from aggregator.core.maps import Reach
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Step
from aggregator.core.report import Status, StepResult
from aggregator.core.warehouse import WHOLE, Snapshot
from aggregator.engines import Engine, Leaving, WarehouseError, open_engine
from aggregator.export.manifest.file import read_manifest
from aggregator.export.manifest.graph import graph_of
from aggregator.freshness import HISTORY, freshness_of, promising
from aggregator.monitoring import Meter, metering
from aggregator.monitoring.causes import causes
from aggregator.monitoring.messages import account, named, told
from aggregator.plan import make_plan
from aggregator.plan.scheduled import Missing, awaited, awaited_latest, missing
from aggregator.run import Hearers, run_plan

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
def at_work(
    graph: Graph, say: Say, wait: float = BUSY_SECONDS, run_key: str = "", leaving: Leaving | None = None
) -> Iterator[Engine]:
    """The warehouse, open, with its sources up to date. Raises ``WarehouseError``."""
    engine = open_engine(graph, say, wait=wait, run_key=run_key, leaving=leaving)
    try:
        problems = engine.ingest()
        if problems:
            raise FailedError("\n".join(map(told, problems)))
        yield engine
    finally:
        engine.close()


@dataclasses.dataclass
class Built:
    """How the partitions of one model ended: what a task leaves for others to see.

    ``ended`` are those that are done with, well or not. All fields are plain, as a task that leaves a query running
    has them kept by Airflow.
    """

    model: str
    fingerprint: str
    partitions: Sequence[str] = ()
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    rows: int = 0
    bytes: int | None = None
    checksum: str = ""
    failures: list[StepResult] = dataclasses.field(default_factory=list)
    ended: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed and nothing was blocked."""
        return not self.failures

    @property
    def written(self) -> list[str]:
        """The partitions that were built, and well."""
        wrong = {each for failure in self.failures for each in failure.partitions}
        return [each for each in self.ended if each not in wrong]

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
            "checksum": self.checksum,
        }

    def add(self, result: StepResult) -> None:
        """Count what one step did."""
        self.ended += result.partitions
        self.counts[str(result.status)] = self.counts.get(str(result.status), 0) + len(result.partitions)
        self.rows += result.rows if result.status is Status.BUILT else 0
        self.checksum = result.checksum if len(self.partitions) == 1 else ""
        if result.bytes is not None:
            self.bytes = (self.bytes or 0) + result.bytes
        if result.problem is not None:
            self.failures.append(result)


class Talk:
    """Progress as lines of a log, with what it cost and where to look, and as counts."""

    def __init__(self, builts: Mapping[TableName, Built], engine: Engine, graph: Graph, say: Say) -> None:
        self._builts = builts
        self._engine = engine
        self._per_tib = graph.project.environment.price_per_tib
        self._say = say

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """The plan was said already."""

    def advance(self, result: StepResult) -> None:
        """A line for each step."""
        self._builts[result.model].add(result)
        said = [f"{named(result.model, result.partitions)}: {result.status}"]
        if result.status in (Status.BUILT, Status.UNCHANGED):
            said.append(f"{result.rows:,} rows")
        if result.bytes is not None:
            said.append(f"{result.bytes:,} bytes billed")
        cost = price(result.bytes, self._per_tib)
        if cost is not None:
            said.append(f"for {cost:,.4f}")
        said.append(f"{result.seconds:.2f} s")
        problem = f": {told(result.problem)}" if result.problem is not None else ""
        self._say(", ".join(said) + problem)
        url = self._engine.job_url(result.job_id) if result.job_id else ""
        if url:
            self._say(f"its job: {url}")


def build(engine: Engine, graph: Graph, builts: Mapping[TableName, Built], asked: Asked, run_id: str, say: Say) -> None:
    """Build what is asked of some models, upstream first; what reads one that failed is not begun.

    How it goes is added to ``builts``, also where a query is left running (``LeftRunningError``); what has ended
    there is not built again. Raises :class:`FailedError` if a table that reads itself lacks the partition before.
    """
    with metering(graph, say) as meter:
        progress = Hearers((Talk(builts, engine, graph, say), meter))
        for name, built in builts.items():
            cause = next((each for each in graph.reads[name] if each in builts and not builts[each].is_clean), None)
            if cause is not None:
                say(f"{name}: not built, as it reads {cause}, which failed")
                problem = builts[cause].failures[0].problem
                if not built.failures:  # it may have been so before a query was left running
                    built.add(StepResult(name, (WHOLE,), Status.BLOCKED, problem=problem))
                continue
            snapshot = engine.snapshot()
            built.partitions = built.partitions or asked.partitions(graph, name, snapshot.now)
            plan = _plan(graph, snapshot, built, say, is_full=asked.is_full)
            if plan is not None:
                run_plan(plan, graph, engine, snapshot.ledger, run_id=run_id, progress=progress)
        measure(engine, graph, meter, say)


def _plan(graph: Graph, snapshot: Snapshot, built: Built, say: Say, *, is_full: bool) -> Plan | None:
    """What has to be done for the partitions of a model, said; None if there are none."""
    name = _name(built)
    if not built.partitions:
        say(f"{name}: no partition falls to this run")
        return None
    _refuse_gap(graph, snapshot, name, built.partitions)
    plan = make_plan(graph, snapshot, selected=[name], interval=_around(graph, name, built.partitions), full=is_full)
    plan = dataclasses.replace(plan, steps=tuple(_without(plan.steps, built.ended)))
    say_plan(plan, graph, say)
    if not plan.steps:
        say(f"{named(name, built.partitions)}: fresh, nothing to build")
    return plan


def _name(built: Built) -> TableName:
    return TableName(*built.model.split("."))


def unbuilt(graph: Graph, names: Iterable[TableName]) -> dict[TableName, Built]:
    """Some models of which nothing was built yet."""
    return {name: Built(str(name), graph.models[name].fingerprint) for name in names}


def kept(builts: Mapping[TableName, Built]) -> list[dict[str, Any]]:
    """How it went so far, for JSON."""
    return [{**vars(each), "failures": [*map(_kept, each.failures)]} for each in builts.values()]


def resumed(said: Iterable[Mapping[str, Any]]) -> dict[TableName, Built]:
    """What :func:`kept` gave."""
    builts = [Built(**{**each, "failures": []}) for each in said]
    for built, each in zip(builts, said, strict=True):
        built.failures += [_resumed(_name(built), failure) for failure in each["failures"]]
    return {_name(built): built for built in builts}


def _kept(failure: StepResult) -> dict[str, Any]:
    found = [failure.problem] if failure.problem is not None else []
    return {"partitions": failure.partitions, "status": str(failure.status), "problem": encode_findings(found, "")}


def _resumed(name: TableName, kept: Mapping[str, Any]) -> StepResult:
    (problem,) = decode_findings(kept["problem"], Document("", ""))
    return StepResult(name, tuple(kept["partitions"]), Status(kept["status"]), problem=problem)


def _without(steps: Iterable[Step], ended: Collection[str]) -> Iterator[Step]:
    for step in steps:
        left = tuple(each for each in step.partitions if each not in ended)
        if left:
            yield dataclasses.replace(step, partitions=left)


def measure(engine: Engine, graph: Graph, meter: Meter, say: Say) -> None:
    """How all tables stand when a task is done, if anybody listens: there may be no other run for weeks.

    What was built stays built if that can't be asked.
    """
    if not meter.is_on:
        return
    try:
        snapshot, tables = engine.snapshot(), promising(graph)
        meter.failures(graph.models, snapshot.ledger)
        if tables:
            meter.freshness(freshness_of(graph, snapshot, tables, engine.arrivals(HISTORY)).tables)
    except WarehouseError as error:
        say(f"how fresh tables are was not measured: {error}")


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


def complaint(graph: Graph, builts: Sequence[Built]) -> str:
    """What failed, each root cause once, and what to do; empty if nothing did."""
    found = causes(result for built in builts for result in built.failures)
    if not found:
        return ""
    models = " ".join(f"--select {built.model}" for built in builts if not built.is_clean)
    return "\n".join(
        [
            *(account(graph, each) for each in found),
            f"next: mend the cause, then clear this task, or `aggregator run {models}`",
        ]
    )


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
