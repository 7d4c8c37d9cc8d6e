"""What is to be done for a step when its turn comes, which may be less than was planned."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from aggregator.core.diagnostics import Diagnostic
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Policy, Reason, Step
from aggregator.core.report import Status, StepResult
from aggregator.core.warehouse import Ledger, Snapshot
from aggregator.engines import Engine
from aggregator.plan.batches import batches
from aggregator.plan.inputs import Inputs, address
from aggregator.plan.staleness import Staleness
from aggregator.plan.texts import Texts
from aggregator.run import codes
from aggregator.run.accept import accept

if TYPE_CHECKING:
    from aggregator.run.build import Builder

Refuse: TypeAlias = Callable[[CompiledModel], Diagnostic | None]
"""Says why a model must not be built, if so."""

_LEFT = {
    Policy.ACCEPT: Status.ACCEPTED,
    Policy.ACCEPTED: Status.FRESH,
    Policy.KEPT: Status.KEPT,
    Policy.HELD: Status.HELD,
}
"""How partitions end that are left as they are."""

_ASKED_FOR = (Reason.FULL, Reason.FAILED)
"""Why partitions are built however fresh they are."""

WRITTEN = (Status.BUILT, Status.UNCHANGED)
"""How partitions end whose rows were made."""


@dataclasses.dataclass(frozen=True)
class Turn:
    """What of a step ended at once, and what is left of it to be built, a query each."""

    results: tuple[StepResult, ...]
    pieces: tuple[Step, ...]


class Turns:
    """What has come of a run so far, and what that means for the next step. For one thread."""

    def __init__(
        self,
        graph: Graph,
        engine: Engine,
        ledger: Ledger,
        run_id: str,
        from_nothing: Collection[TableName],
        refuse: Refuse,
    ) -> None:
        self._graph = graph
        self._engine = engine
        self._ledger = ledger
        self._run_id = run_id
        self._from_nothing = set(from_nothing)
        self._refuse = refuse
        self._failed: dict[TableName, dict[str, Diagnostic]] = {}
        self._held: set[TableName] = set()
        self._rewritten: set[TableName] = set()

    def begin(self, step: Step) -> Turn:
        """Look at a step again: all that it reads has ended."""
        model = self._graph.models[step.model]
        if step.model not in self._held:
            self._hold(step.model)
        if step.stale.reason is Reason.ACCEPT:
            return Turn((self._accept(model, step.partitions),), ())
        refused = self._refuse(model)
        if refused is not None:
            return Turn((StepResult(step.model, step.partitions, Status.FAILED, problem=refused),), ())
        blocked = self._blocked(model, step)
        results = list(_reports(model, blocked))
        wanted = [each for each in step.partitions if each not in blocked]
        left = self._left(model, step, wanted)
        for status in dict.fromkeys(left.values()):
            partitions = tuple(each for each in wanted if left.get(each) is status)
            is_accepted = status is Status.ACCEPTED
            results.append(
                self._accept(model, partitions) if is_accepted else StepResult(model.name, partitions, status)
            )
        stretches = batches(model, [each for each in wanted if each not in left])
        return Turn(tuple(results), tuple(Step(step.model, each, step.stale) for each in stretches))

    def builder(self, name: TableName) -> Builder:
        """What builds the pieces of steps of a model, in any one thread."""
        from aggregator.run.build import Attempt, Builder  # noqa: PLC0415  (checks: many runs have nothing to build)

        attempt = Attempt(self._run_id, self._ledger, may_replace=name in self._from_nothing)
        return Builder(self._graph.models[name], self._graph, self._engine, attempt)

    def end(self, results: Sequence[StepResult]) -> None:
        """Remember how a step, or a part of it, ended."""
        for result in results:
            if result.problem is not None:
                failures = self._failed.setdefault(result.model, {})
                failures.update(dict.fromkeys(result.partitions, result.problem))
            if result.status in WRITTEN:
                self._from_nothing.discard(result.model)

    def _hold(self, name: TableName) -> None:
        """Be the only one who writes a table. What others wrote since the plan was made need not be built again."""
        self._held.add(name)
        if self._engine.hold(name):
            self._ledger = self._engine.snapshot().ledger
            self._rewritten.add(name)

    def _accept(self, model: CompiledModel, partitions: Sequence[str]) -> StepResult:
        inputs = Inputs(model, self._graph, Texts(self._engine.versions()))
        return accept(model, inputs, self._engine, self._ledger, run_id=self._run_id, partitions=partitions)

    def _left(self, model: CompiledModel, step: Step, partitions: Sequence[str]) -> dict[str, Status]:
        """Those that are not to be built after all, and how they end.

        That is because their inputs did not change in the end, because another process built them meanwhile, or because
        this run emptied one that may be gone.
        """
        inputs = Inputs(model, self._graph, Texts(self._engine.versions()))
        is_open = step.stale.pending or (step.model in self._rewritten and step.stale.reason not in _ASKED_FOR)
        if not is_open and not inputs.keeps:
            return {}
        snapshot = Snapshot(self._engine.versions(), self._ledger, self._engine.now())
        judged = Staleness(model, snapshot, inputs, {})
        if not is_open:
            return {each: Status.KEPT for each in partitions if judged.gone(each)}
        fresh = [each for each in partitions if judged.judge(each) is None]
        exempt = {each: found for each in fresh if (found := judged.exempt(each)) is not None}
        return {each: _LEFT[exempt[each].policy] if each in exempt else Status.FRESH for each in fresh}

    def _blocked(self, model: CompiledModel, step: Step) -> dict[str, Diagnostic]:
        """Partitions that read one that failed in this run: what that means for them."""
        blocked: dict[str, Diagnostic] = {}
        if not self._failed:
            return blocked
        inputs = Inputs(model, self._graph, Texts(self._engine.versions()))
        for partition in step.partitions:
            for table, each in inputs.deciding(partition):
                failures = self._failed.get(table, {})
                cause = failures.get(each) if each else next(iter(failures.values()), None)
                if cause is not None:
                    message = f"not built: it reads {address(table, each)}, which failed"
                    blocked[partition] = Diagnostic(cause.place, codes.BLOCKED, message)
                    break
        return blocked


def _reports(model: CompiledModel, blocked: Mapping[str, Diagnostic]) -> Iterator[StepResult]:
    for partition, problem in blocked.items():
        yield StepResult(model.name, (partition,), Status.BLOCKED, problem=problem)
