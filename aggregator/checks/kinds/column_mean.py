"""``expect_column_mean_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import NUMBERS, OF_NUMBER, column
from aggregator.checks.literals import NUMERIC
from aggregator.checks.protocol import Asked, Promise, of_type, some_bound


class ColumnMean:
    """The mean of the values that are not NULL lies between two bounds."""

    name = "expect_column_mean_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *NUMBERS, *OF_NUMBER)
    example = "{column: dep_delay, min_value: 0, max_value: 60}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        of_type(asked["column"], *NUMERIC)
        return asked.of_number(f"AVG({asked.value()})", f"the mean of {asked['column'].name}")
