"""``expect_table_row_count_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import COUNTS, OF_NUMBER
from aggregator.checks.protocol import Asked, Promise, some_bound


class RowCountBetween:
    """The partition has so many rows; one without rows has 0."""

    name = "expect_table_row_count_to_be_between"
    short = ("row_count",)
    bare = ""
    takes = (*COUNTS, *OF_NUMBER)
    example = "{min_value: 1}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of rows."""
        some_bound(asked)
        return asked.of_number(asked.rows, "the number of rows", over_nothing=0)
