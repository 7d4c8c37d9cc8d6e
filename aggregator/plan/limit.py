"""The first partitions of a plan, and what is left out."""

from __future__ import annotations

import dataclasses

from aggregator.core.names import TableName
from aggregator.core.plan import Plan, Stale, Step


def limited(plan: Plan, most: int) -> tuple[Plan, tuple[Step, ...]]:
    """The plan with its first ``most`` partitions, and the steps that are left out, or what is left of them.

    The order is that of the plan: upstream first, and the oldest first of each model. So nothing is built before what
    it reads.
    """
    kept: list[Step] = []
    left: list[Step] = []
    for step in plan.steps:
        taken, rest = step.partitions[:most], step.partitions[most:]
        most -= len(taken)
        kept += [dataclasses.replace(step, partitions=taken)] if taken else []
        left += [dataclasses.replace(step, partitions=rest)] if rest else []
    stale: dict[TableName, dict[str, Stale]] = {name: {} for name in plan.stale}
    for step in kept:
        found = plan.stale[step.model]
        stale[step.model].update({each: found[each] for each in step.partitions if each in found})
    return dataclasses.replace(plan, steps=tuple(kept), stale=stale), tuple(left)
