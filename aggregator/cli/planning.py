"""What is to be built: the options of ``plan`` and ``run``, and the plan that follows from them."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import click

from aggregator.cli.select import select
from aggregator.core.graph import Graph
from aggregator.core.plan import Plan, Refusal, Step
from aggregator.core.warehouse import Snapshot
from aggregator.plan import make_plan, retry_plan
from aggregator.plan.limit import limited
from aggregator.plan.refused import refusals


@dataclasses.dataclass(frozen=True)
class Wish:
    """What was asked for."""

    selection: tuple[str, ...]
    interval: tuple[datetime | None, datetime | None]
    full: bool
    limit: int | None
    retry: bool

    @property
    def is_narrow(self) -> bool:
        """Whether it is anything but all that is stale."""
        return bool(self.selection or self.full or self.limit or self.retry) or self.interval != (None, None)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.full and self.retry:
            raise click.UsageError("--full builds everything, --retry-failed only what failed: give one of them")
        if self.full and self.limit is not None:
            raise click.UsageError("--full begins anew each time, so --limit gets no further: give --from and --to")


@dataclasses.dataclass(frozen=True)
class Planned:
    """What was asked for as a plan, the steps that ``--limit`` left out of it, and what would be refused."""

    wish: Wish
    plan: Plan
    left_out: tuple[Step, ...]
    refused: tuple[Refusal, ...]


def planned(graph: Graph, snapshot: Snapshot, wish: Wish) -> Planned:
    """The plan that was asked for."""
    chosen = select(graph, wish.selection)
    if wish.retry:
        plan = retry_plan(graph, snapshot, selected=chosen, interval=wish.interval)
    else:
        plan = make_plan(graph, snapshot, selected=chosen, interval=wish.interval, full=wish.full)
    left_out: tuple[Step, ...] = ()
    if wish.limit is not None:
        plan, left_out = limited(plan, wish.limit)
    return Planned(wish, plan, left_out, refusals(graph, snapshot, plan, wish.interval))
