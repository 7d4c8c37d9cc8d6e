"""Which build gave the rows of a partition, and which those before, by the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from aggregator.core.warehouse import LedgerRow, Outcome


@dataclasses.dataclass(frozen=True)
class Return:
    """A way back: ``undone`` is the build whose rows are there, ``restored`` the one whose rows were there before."""

    undone: LedgerRow
    restored: LedgerRow

    @property
    def moment(self) -> datetime:
        """When the rows before were there (UTC): while the inputs of those that replaced them were looked at."""
        return max(self.undone.read_at, self.restored.written_at)


def way_back(history: Iterable[LedgerRow]) -> Return | None:
    """From all that the ledger has of a partition, oldest first; None if no rows were there before.

    Going back a second time leads one build further: what was taken away does not come back.
    """
    builds: list[LedgerRow] = []
    for row in history:
        if row.outcome is Outcome.BUILT:
            builds.append(row)
        elif row.outcome is Outcome.ROLLED_BACK and builds:
            builds.pop()
    return Return(builds[-1], builds[-2]) if len(builds) > 1 else None
