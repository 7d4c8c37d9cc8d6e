"""``sum_near_previous``."""

from __future__ import annotations

from aggregator.checks.arguments import DRIFT, OF_NUMBER, column
from aggregator.checks.literals import NUMERIC
from aggregator.checks.protocol import Asked, Promise, of_type


class SumNear:
    """The sum of a column is `within` a share of that of the partition before, or as usual in the days of `learn`."""

    name = "sum_near_previous"
    short = ()
    bare = ""
    takes = (column(), *DRIFT, *OF_NUMBER)
    example = "{column: flights, learn: 28 days}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number, to be compared with earlier ones."""
        of_type(asked["column"], *NUMERIC)
        return asked.near(f"SUM({asked.value()})", f"the sum of {asked['column'].name}")
