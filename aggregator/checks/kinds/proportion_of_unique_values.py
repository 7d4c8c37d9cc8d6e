"""``expect_column_proportion_of_unique_values_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import NUMBERS, OF_NUMBER, column
from aggregator.checks.protocol import Asked, Promise, some_bound


class ProportionOfUniqueValues:
    """The share of different values among those that are not NULL lies between two bounds."""

    name = "expect_column_proportion_of_unique_values_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *NUMBERS, *OF_NUMBER)
    example = "{column: tailnum, min_value: 0.1}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        return asked.of_number(
            f"SAFE_DIVIDE(COUNT(DISTINCT {asked.value()}), COUNT({asked.value()}))",
            f"the share of different values of {asked['column'].name}",
        )
