"""``expect_column_values_to_not_be_in_set``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, column, values
from aggregator.checks.protocol import Asked, Promise


class ValuesNotInSet:
    """No value is one of a set."""

    name = "expect_column_values_to_not_be_in_set"
    short = ()
    bare = ""
    takes = (column(), values(), *OF_ROWS)
    example = "{column: carrier, value_set: [XX, ZZ]}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of such values."""
        column = asked["column"]
        return asked.of_values(
            f"{column.sql} IN ({asked.members})",
            f"{column.name} is one of {', '.join(map(str, asked['value_set'][:5]))}",
        )
