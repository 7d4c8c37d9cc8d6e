"""``no_new_values``."""

from __future__ import annotations

from aggregator.checks.arguments import OF_NUMBER, OVER, column
from aggregator.checks.protocol import Asked, Drift, Promise


class NoNewValues:
    """No value is new: each was in the partition before, or in the days of `over`. For columns of few values."""

    name = "no_new_values"
    short = ()
    bare = "column"
    takes = (column(), OVER, *OF_NUMBER)
    example = "{column: carrier, over: 28 days}"

    def promise(self, asked: Asked) -> Promise | None:
        """The different values, to be compared with earlier ones."""
        asked.refuse_days("over")
        value = f"CAST({asked.value()} AS STRING)"
        drift = Drift(learn=asked["over"], is_set=True)
        number = f"STRING_AGG(DISTINCT {value}, '\\n' ORDER BY {value})"
        return asked.promise([asked.observed(number, f"{asked['column'].name} has new values: {{value}}")], drift=drift)
