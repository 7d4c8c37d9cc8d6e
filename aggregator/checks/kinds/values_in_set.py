"""``expect_column_values_to_be_in_set``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, column, values
from aggregator.checks.protocol import Asked, Promise


class ValuesInSet:
    """Every value that is not NULL is one of a set."""

    name = "expect_column_values_to_be_in_set"
    short = ("accepted_values",)
    bare = ""
    takes = (column(), values(), *OF_ROWS)
    example = "{column: origin, value_set: [EWR, JFK, LGA]}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of such values."""
        column = asked["column"]
        return asked.of_values(
            f"{column.sql} NOT IN ({asked.members})",
            f"{column.name} is none of {', '.join(map(str, asked['value_set'][:5]))}",
        )
