"""``expect_column_values_to_be_of_type``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, a_type, column
from aggregator.checks.columns import refuse_type
from aggregator.checks.protocol import Asked, Promise


class ValuesOfType:
    """The column is of a type of BigQuery; known from the SELECT, without a row."""

    name = "expect_column_values_to_be_of_type"
    short = ()
    bare = ""
    takes = (column(), a_type("type_"), *OF_TABLE)
    example = "{column: flight_date, type_: DATE}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        refuse_type(asked["column"], (asked["type_"],))
        return None
