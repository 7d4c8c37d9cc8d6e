"""``expect_column_min_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import BOUNDS, OF_NUMBER, column
from aggregator.checks.protocol import Asked, Promise, some_bound


class ColumnMin:
    """The smallest value lies between two bounds."""

    name = "expect_column_min_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *BOUNDS, *OF_NUMBER)
    example = "{column: dep_delay, min_value: -60}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        return asked.of_number(f"MIN({asked.value()})", f"the smallest value of {asked['column'].name}")
