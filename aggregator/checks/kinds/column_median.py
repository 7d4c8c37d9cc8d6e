"""``expect_column_median_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import NUMBERS, OF_NUMBER, column
from aggregator.checks.literals import NUMERIC
from aggregator.checks.protocol import Asked, Promise, of_type, some_bound


class ColumnMedian:
    """The median lies between two bounds; it is an estimate, as `APPROX_QUANTILES` gives it."""

    name = "expect_column_median_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *NUMBERS, *OF_NUMBER)
    example = "{column: dep_delay, max_value: 30}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        of_type(asked["column"], *NUMERIC)
        return asked.of_number(
            f"APPROX_QUANTILES({asked.value()}, 2)[OFFSET(1)]", f"the median of {asked['column'].name}"
        )
