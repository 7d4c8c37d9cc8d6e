"""``expect_column_value_lengths_to_equal``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, column, whole
from aggregator.checks.protocol import Asked, Promise, of_type


class ValueLengthsEqual:
    """Every text that is not NULL has exactly so many letters."""

    name = "expect_column_value_lengths_to_equal"
    short = ()
    bare = ""
    takes = (column(), whole("value", is_required=True), *OF_ROWS)
    example = "{column: origin, value: 3}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of texts that have not."""
        column, length = asked["column"], asked["value"]
        of_type(column, "STRING")
        violation = f"CHAR_LENGTH({column.sql}) != {length.sql}"
        return asked.of_values(violation, f"{column.name} has not {length} letters")
