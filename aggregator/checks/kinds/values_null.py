"""``expect_column_values_to_be_null``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, column
from aggregator.checks.protocol import Asked, Promise


class ValuesNull:
    """Every value is NULL."""

    name = "expect_column_values_to_be_null"
    short = ()
    bare = "column"
    takes = (column(), *OF_ROWS)
    example = "{column: cancelled_by, row_condition: NOT cancelled}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of such values."""
        column = asked["column"]
        return asked.of_rows(f"{column.sql} IS NOT NULL", "", f"{column.name} is not NULL")
