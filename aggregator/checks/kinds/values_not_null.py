"""``expect_column_values_to_not_be_null``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, column
from aggregator.checks.protocol import Asked, Promise


class ValuesNotNull:
    """No value is NULL."""

    name = "expect_column_values_to_not_be_null"
    short = ("not_null",)
    bare = "column"
    takes = (column(), *OF_ROWS)
    example = "{column: carrier}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of NULLs."""
        column = asked["column"]
        return asked.of_rows(f"{column.sql} IS NULL", "", f"{column.name} is NULL")
