"""``expect_column_proportion_of_non_null_values_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import NUMBERS, OF_NUMBER, column
from aggregator.checks.protocol import Asked, Promise, some_bound


class ProportionOfNonNullValues:
    """The share of values that are not NULL lies between two bounds."""

    name = "expect_column_proportion_of_non_null_values_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *NUMBERS, *OF_NUMBER)
    example = "{column: dep_delay, min_value: 0.9}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        return asked.of_number(
            f"SAFE_DIVIDE(COUNT({asked.value()}), {asked.rows})",
            f"the share of values that are not NULL of {asked['column'].name}",
        )
