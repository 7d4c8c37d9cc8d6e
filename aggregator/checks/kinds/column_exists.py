"""``expect_column_to_exist``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, text
from aggregator.checks.columns import has_column
from aggregator.checks.protocol import Asked, Promise


class ColumnExists:
    """The table has this column; known from the SELECT, without a row."""

    name = "expect_column_to_exist"
    short = ()
    bare = "column"
    takes = (text("column"), *OF_TABLE)
    example = "{column: carrier}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        has_column(asked.model, asked["column"])
        return None
