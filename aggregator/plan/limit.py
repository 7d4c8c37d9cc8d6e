"""The first partitions of a plan, and what is left out."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Stale, Step
from aggregator.core.warehouse import Ledger

Weigh: TypeAlias = Callable[[TableName, str], float]
"""What a partition takes of that which is limited."""


def limited(plan: Plan, most: float, weigh: Weigh = lambda *_: 1) -> tuple[Plan, tuple[Step, ...]]:
    """The plan with its first partitions, ``most`` in all, and the steps that are left out, or what is left of them.

    The order is that of the plan: upstream first, and the oldest first of each model. So nothing is built before what
    it reads.
    """
    kept: list[Step] = []
    left: list[Step] = []
    for step in plan.steps:
        totals = itertools.accumulate(weigh(step.model, each) for each in step.partitions)
        fitting = [total for total in totals if total <= most and not left]
        taken, rest = step.partitions[: len(fitting)], step.partitions[len(fitting) :]
        most -= fitting[-1] if fitting else 0
        kept += [dataclasses.replace(step, partitions=taken)] if taken else []
        left += [dataclasses.replace(step, partitions=rest)] if rest else []
    stale: dict[TableName, dict[str, Stale]] = {name: {} for name in plan.stale}
    for step in kept:
        found = plan.stale[step.model]
        stale[step.model].update({each: found[each] for each in step.partitions if each in found})
    return dataclasses.replace(plan, steps=tuple(kept), stale=stale), tuple(left)


def usual_bytes(ledger: Ledger) -> Weigh:
    """What building a partition was billed last; where it was never built, what one of its table is on average.

    Partitions that were built by one query share what that was billed. Of a table that was never built, and where
    nothing is paid by the byte, it is nothing.
    """
    found: dict[TableName, dict[str, float]] = {}
    for name, rows in ledger.built.items():
        shared = Counter(row.job_id for row in rows.values())
        found[name] = {
            each: row.bytes / (shared[row.job_id] if row.job_id else 1)
            for each, row in rows.items()
            if row.bytes is not None
        }
    means = {name: sum(known.values()) / len(known) for name, known in found.items() if known}
    return lambda name, partition: found.get(name, {}).get(partition, means.get(name, 0))
