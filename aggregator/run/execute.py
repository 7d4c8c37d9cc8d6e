"""Steps to rows: each built, looked at, published and recorded, upstream before downstream."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Protocol

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Reason, Step
from aggregator.core.report import Report, Status, StepResult
from aggregator.core.warehouse import Ledger, Snapshot
from aggregator.engines import Engine
from aggregator.plan.batches import batches
from aggregator.plan.inputs import Inputs, address
from aggregator.plan.refused import is_from_nothing
from aggregator.plan.staleness import Staleness
from aggregator.plan.texts import Texts
from aggregator.run import codes
from aggregator.run.build import Attempt, Builder


class Progress(Protocol):
    """Hears how a run goes on."""

    def begin(self, partitions: int) -> None:
        """The run has so many partitions to look after."""

    def advance(self, result: StepResult) -> None:
        """Some of them are done with."""


def run_plan(plan: Plan, graph: Graph, engine: Engine, ledger: Ledger, *, run_id: str, progress: Progress) -> Report:
    """Do the steps of a plan in their order; what fails stops only what reads it.

    A step that was planned because something upstream was to be rebuilt is looked at again when its turn comes: if its
    inputs came out as they were, there is nothing to do.
    """
    began = time.monotonic()
    progress.begin(sum(len(step.partitions) for step in plan.steps))
    from_nothing = {name for name in plan.stale if is_from_nothing(plan, name)}
    run = _Run(graph, engine, ledger, run_id, from_nothing)
    results = []
    for step in plan.steps:
        for result in run.step(step):
            results.append(result)
            progress.advance(result)
    return Report(run_id, tuple(results), time.monotonic() - began)


_ASKED_FOR = (Reason.FULL, Reason.FAILED)
"""Why partitions are built however fresh they are."""


class _Run:
    """What has failed so far, the models that others wrote meanwhile, and the builder of the one whose turn it is."""

    def __init__(
        self, graph: Graph, engine: Engine, ledger: Ledger, run_id: str, from_nothing: Collection[TableName]
    ) -> None:
        self._graph = graph
        self._engine = engine
        self._ledger = ledger
        self._run_id = run_id
        self._from_nothing = from_nothing
        self._failed: dict[TableName, dict[str, Diagnostic]] = {}
        self._builder: Builder | None = None
        self._rewritten: set[TableName] = set()

    def step(self, step: Step) -> Iterator[StepResult]:
        model = self._graph.models[step.model]
        if self._builder is None or self._builder.model is not model:
            if self._engine.hold(step.model):
                self._ledger = self._engine.snapshot().ledger
                self._rewritten.add(step.model)
            attempt = Attempt(self._run_id, self._ledger, may_replace=step.model in self._from_nothing)
            self._builder = Builder(model, self._graph, self._engine, attempt)
        blocked = self._blocked(model, step)
        if blocked:
            yield from self._report_blocked(model, step, blocked)
        wanted = [each for each in step.partitions if each not in blocked]
        if step.stale.pending or (step.model in self._rewritten and step.stale.reason not in _ASKED_FOR):
            still = self._still_stale(model, wanted)
            fresh = tuple(each for each in wanted if each not in still)
            if fresh:
                yield StepResult(step.model, fresh, Status.FRESH)
            wanted = [each for each in wanted if each in still]
        for stretch in batches(model, wanted):
            for result in self._builder.build(Step(step.model, stretch, step.stale)):
                if result.problem is not None:
                    failures = self._failed.setdefault(step.model, {})
                    failures.update(dict.fromkeys(result.partitions, result.problem))
                yield result

    def _still_stale(self, model: CompiledModel, partitions: list[str]) -> set[str]:
        """Those whose inputs did change in the end."""
        snapshot = Snapshot(self._engine.versions(), self._ledger, self._engine.now())
        judged = Staleness(model, snapshot, Inputs(model, self._graph, Texts(snapshot.versions)), {})
        return {each for each in partitions if judged.judge(each) is not None}

    def _blocked(self, model: CompiledModel, step: Step) -> dict[str, tuple[str, Diagnostic]]:
        """Partitions that read one that failed in this run: what they read, and why that failed."""
        blocked: dict[str, tuple[str, Diagnostic]] = {}
        if not self._failed:
            return blocked
        inputs = Inputs(model, self._graph, Texts(self._engine.versions()))
        for partition in step.partitions:
            for table, each in inputs.partitions(partition):
                failures = self._failed.get(table, {})
                cause = failures.get(each) if each else next(iter(failures.values()), None)
                if cause is not None:
                    blocked[partition] = (address(table, each), cause)
                    break
        return blocked

    def _report_blocked(
        self, model: CompiledModel, step: Step, blocked: dict[str, tuple[str, Diagnostic]]
    ) -> Iterator[StepResult]:
        failures = self._failed.setdefault(model.name, {})
        for partition, (name, cause) in blocked.items():
            failures[partition] = cause
            problem = Diagnostic(cause.place, codes.BLOCKED, f"not built: it reads {name}, which failed")
            yield StepResult(step.model, (partition,), Status.BLOCKED, problem=problem)
