"""``expect_column_values_to_be_in_type_list``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, column, types
from aggregator.checks.columns import refuse_type
from aggregator.checks.protocol import Asked, Promise


class ValuesInTypeList:
    """The column is of one of several types of BigQuery; known from the SELECT, without a row."""

    name = "expect_column_values_to_be_in_type_list"
    short = ()
    bare = ""
    takes = (column(), types("type_list"), *OF_TABLE)
    example = "{column: dep_delay_minutes, type_list: [INT64, NUMERIC]}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        refuse_type(asked["column"], asked["type_list"])
        return None
