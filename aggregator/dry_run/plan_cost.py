"""What the steps of a plan read and cost: each is one query, estimated by the rules for one build."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aggregator.core.estimate import Estimate, price_per_tib
from aggregator.core.plan import Reason
from aggregator.dry_run.estimate import Grounds, Reader

if TYPE_CHECKING:
    from aggregator.core.names import TableName
    from aggregator.core.plan import Step


@dataclasses.dataclass(frozen=True)
class PlanCost:
    """An estimate for each of some steps, in their order."""

    estimates: tuple[Estimate, ...]

    @property
    def bytes(self) -> int | None:
        """What all steps read whose bytes are known; None if of none they are."""
        known = [each.bytes for each in self.estimates if each.bytes is not None]
        return sum(known) if known else None

    @property
    def price(self) -> float | None:
        """What all steps cost whose price is known; None if of none it is."""
        known = [each.price for each in self.estimates if each.price is not None]
        return sum(known) if known else None

    @property
    def unknown(self) -> tuple[TableName, ...]:
        """The tables for whose size some steps are not in the totals."""
        return tuple(sorted({read.table for each in self.estimates if each.bytes is None for read in each.unknown}))

    @property
    def is_known(self) -> bool:
        """Whether the totals are those of all steps."""
        return not self.unknown


def plan_cost(steps: Iterable[Step], grounds: Grounds) -> PlanCost:
    """What each step reads and costs if it is done; one whose input comes out unchanged is not."""
    price = price_per_tib(grounds.graph.project.environment)
    readers: dict[TableName, Reader] = {}
    found = []
    for step in steps:
        if step.model not in readers:
            readers[step.model] = Reader(grounds.graph.models[step.model], grounds)
        reads = readers[step.model].reads(step.partitions) if step.stale.reason is not Reason.ACCEPT else ()
        found.append(Estimate(step.model, step.first, reads, price_per_tib=price))
    return PlanCost(tuple(found))
