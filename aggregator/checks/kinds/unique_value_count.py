"""``expect_column_unique_value_count_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import COUNTS, OF_NUMBER, column
from aggregator.checks.protocol import Asked, Promise, some_bound


class UniqueValueCount:
    """There are so many different values; NULL is none."""

    name = "expect_column_unique_value_count_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *COUNTS, *OF_NUMBER)
    example = "{column: carrier, min_value: 10, max_value: 20}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        return asked.of_number(
            f"COUNT(DISTINCT {asked.value()})",
            f"the number of different values of {asked['column'].name}",
            over_nothing=0,
        )
