"""``expect_column_max_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import BOUNDS, OF_NUMBER, column
from aggregator.checks.protocol import Asked, Promise, some_bound


class ColumnMax:
    """The largest value lies between two bounds."""

    name = "expect_column_max_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *BOUNDS, *OF_NUMBER)
    example = "{column: dep_delay, max_value: 1500}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        return asked.of_number(f"MAX({asked.value()})", f"the largest value of {asked['column'].name}")
