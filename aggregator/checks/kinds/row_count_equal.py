"""``expect_table_row_count_to_equal``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_NUMBER, whole
from aggregator.checks.protocol import Asked, Promise


class RowCountEqual:
    """The partition has exactly so many rows."""

    name = "expect_table_row_count_to_equal"
    short = ()
    bare = "value"
    takes = (whole("value", is_required=True), *OF_NUMBER)
    example = "{value: 24}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of rows."""
        number = asked.between(asked.rows, "the number of rows", asked["value"], asked["value"], over_nothing=0)
        return asked.promise([number])
