"""Steps to rows: each built, looked at, published and recorded, upstream before downstream."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Mapping
from itertools import chain, groupby
from typing import Protocol

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan
from aggregator.core.report import Report, StepResult
from aggregator.core.warehouse import Ledger
from aggregator.engines import Engine
from aggregator.plan.order import waits
from aggregator.plan.refused import is_from_nothing
from aggregator.run.at_once import AtOnce, Enough
from aggregator.run.schedule import Schedule
from aggregator.run.turns import Refuse, Turns


class Progress(Protocol):
    """Hears how a run goes on, from the thread that began it."""

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """The run has so many partitions of each table to look after."""

    def advance(self, result: StepResult) -> None:
        """Some of them are done with."""


@dataclasses.dataclass(frozen=True)
class Hearers:
    """Several who hear how a run goes on, one after the other."""

    all: tuple[Progress, ...]

    def begin(self, partitions: Mapping[TableName, int]) -> None:
        """Tell all."""
        for each in self.all:
            each.begin(partitions)

    def advance(self, result: StepResult) -> None:
        """Tell all."""
        for each in self.all:
            each.advance(result)


def run_plan(  # noqa: PLR0913  (the last three are named where it is called)
    plan: Plan,
    graph: Graph,
    engine: Engine,
    ledger: Ledger,
    *,
    run_id: str,
    progress: Progress,
    refuse: Refuse | None = None,
    enough: Enough | None = None,
) -> Report:
    """Do the steps of a plan in their order; what fails stops only what reads it.

    A model that is refused fails before anything of it is built; without ``refuse``, the engine says which. After a
    result that is ``enough``, nothing more is begun: the report has what ended.

    A step that was planned because something upstream was to be rebuilt is looked at again when its turn comes: if its
    inputs came out as they were, there is nothing to do. As many steps are done at once as the engine
    bears, none of them before what it reads has ended; the report is in the order of the plan all the same.
    """
    began = time.monotonic()
    partitions: Counter[TableName] = Counter()
    for step in plan.steps:
        partitions[step.model] += len(step.partitions)
    progress.begin(partitions)
    from_nothing = {name for name in plan.stale if is_from_nothing(plan, name)}
    turns = Turns(graph, engine, ledger, run_id, from_nothing, refuse or engine.refusal)
    enough = enough or (lambda _: False)
    if engine.parallel == 1:
        results = _one_by_one(plan, turns, progress, enough)
    else:
        schedule = Schedule(plan.steps, waits(graph, plan))
        results = AtOnce(plan.steps, schedule, turns, progress.advance, enough).run(engine)
    return Report(run_id, results, time.monotonic() - began)


def _one_by_one(plan: Plan, turns: Turns, progress: Progress, enough: Enough) -> tuple[StepResult, ...]:
    """The builder is kept from step to step of a model, and with it what it knows of its inputs."""
    results = []
    for name, steps in groupby(plan.steps, lambda step: step.model):
        builder = None
        for step in steps:
            turn = turns.begin(step)
            if turn.pieces:
                builder = builder or turns.builder(name)
            made = (builder.build(piece) for piece in turn.pieces if builder)
            for ended in chain([turn.results], made):
                is_enough = False
                for result in ended:
                    turns.end([result])
                    results.append(result)
                    progress.advance(result)
                    is_enough |= enough(result)
                if is_enough:
                    return tuple(results)
    return tuple(results)
