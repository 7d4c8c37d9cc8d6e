"""What is stale is built, as far as a budget goes, without Airflow."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence

from aggregator.airflow.work import Built, Say, Talk, measure, say_plan, unbuilt
from aggregator.core.estimate import TEBIBYTE, price, price_per_tib, size_text
from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Step
from aggregator.core.report import StepResult
from aggregator.core.warehouse import Ledger
from aggregator.engines import Engine
from aggregator.monitoring import metering
from aggregator.monitoring.messages import named
from aggregator.plan import make_plan
from aggregator.plan.limit import limited, usual_bytes
from aggregator.run import Hearers, run_plan


@dataclasses.dataclass(frozen=True)
class Budget:
    """What one repair may take: so many partitions, and so many bytes that are billed, if that is bounded.

    Bytes bound it twice. What would take more by earlier builds is left out beforehand. When so much was billed,
    nothing more is begun; a query that runs then is finished.
    """

    partitions: int
    bytes: int | None = None

    @classmethod
    def of(cls, graph: Graph, partitions: int, bytes_: int | None, cost: float | None) -> Budget:
        """The lower of some bytes and what a price buys; where nothing is paid by the byte, a price bounds nothing."""
        per_tib = price_per_tib(graph.project.environment)
        bought = int(cost / per_tib * TEBIBYTE) if cost is not None and per_tib else None
        return cls(partitions, min((each for each in (bytes_, bought) if each is not None), default=None))

    def first(self, plan: Plan, ledger: Ledger) -> tuple[Plan, tuple[Step, ...]]:
        """The first partitions of a plan, and the steps that are left out."""
        plan, left = limited(plan, self.partitions)
        if self.bytes is None:
            return plan, left
        plan, dear = limited(plan, self.bytes, usual_bytes(ledger))
        return plan, (*dear, *left)


@dataclasses.dataclass(frozen=True)
class Repaired:
    """What was built, and which partitions of which models were left out for the budget."""

    builts: dict[TableName, Built]
    left: Mapping[TableName, Sequence[str]]

    @property
    def bytes(self) -> int:
        """All that was billed."""
        return sum(each.bytes or 0 for each in self.builts.values())


def repair(engine: Engine, graph: Graph, budget: Budget, run_id: str, say: Say) -> Repaired:
    """Build what is stale, upstream first, as far as the budget goes."""
    snapshot = engine.snapshot()
    plan, out = budget.first(make_plan(graph, snapshot, selected=graph.models), snapshot.ledger)
    say_plan(plan, graph, say)
    builts = unbuilt(graph, (step.model for step in plan.steps))
    for step in plan.steps:
        builts[step.model].partitions = (*builts[step.model].partitions, *step.partitions)
    with metering(graph, say) as meter:
        progress = Hearers((Talk(builts, engine, graph, say), meter))
        enough = _Spent(budget.bytes)
        run_plan(plan, graph, engine, snapshot.ledger, run_id=run_id, progress=progress, enough=enough)
        measure(engine, graph, meter, say)
    repaired = Repaired(builts, _left(builts, out))
    _say_left(repaired, budget, price_per_tib(graph.project.environment), say)
    return repaired


def _left(builts: Mapping[TableName, Built], out: Sequence[Step]) -> dict[TableName, list[str]]:
    """What was not begun, and what was left out from the start; the rest is what was built."""
    left: dict[TableName, list[str]] = {}
    for name, built in builts.items():
        done = set(built.ended)
        left[name] = [each for each in built.partitions if each not in done]
        built.partitions = tuple(each for each in built.partitions if each in done)
    for step in out:
        left.setdefault(step.model, []).extend(step.partitions)
    return {name: partitions for name, partitions in left.items() if partitions}


class _Spent:
    """Counts what is billed, from several threads, and says when it is enough."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, result: StepResult) -> bool:
        with self._lock:
            self._bytes += result.bytes or 0
            return self._most is not None and self._bytes >= self._most


def _say_left(repaired: Repaired, budget: Budget, per_tib: float | None, say: Say) -> None:
    """What the next run is left with, and why."""
    for name, partitions in repaired.left.items():
        say(f"{named(name, partitions)}: left out for the budget")
    if not repaired.left:
        return
    number, bounds = sum(map(len, repaired.left.values())), f"{budget.partitions:,} partitions"
    cost, billed = price(budget.bytes, per_tib), f"{size_text(repaired.bytes)} were billed, "
    if budget.bytes is not None:
        bounds += f" and {size_text(budget.bytes)}" + (f", which cost {cost:,.2f}" if cost is not None else "")
    say(f"{number:,} stale partitions are left; {billed if per_tib else ''}the budget is {bounds}")
