"""``expect_column_stdev_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import NUMBERS, OF_NUMBER, column
from aggregator.checks.literals import NUMERIC
from aggregator.checks.protocol import Asked, Promise, of_type, some_bound


class ColumnStdev:
    """The standard deviation of the sample lies between two bounds."""

    name = "expect_column_stdev_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *NUMBERS, *OF_NUMBER)
    example = "{column: dep_delay, min_value: 1}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number."""
        some_bound(asked)
        of_type(asked["column"], *NUMERIC)
        return asked.of_number(f"STDDEV_SAMP({asked.value()})", f"the standard deviation of {asked['column'].name}")
