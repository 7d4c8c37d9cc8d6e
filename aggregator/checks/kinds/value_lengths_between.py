"""``expect_column_value_lengths_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import COUNTS, OF_ROWS, column
from aggregator.checks.protocol import Asked, Promise, of_type, some_bound


class ValueLengthsBetween:
    """Every text that is not NULL has so many letters."""

    name = "expect_column_value_lengths_to_be_between"
    short = ()
    bare = ""
    takes = (column(), *COUNTS, *OF_ROWS)
    example = "{column: tailnum, min_value: 5, max_value: 6}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of texts that are too short or too long."""
        column, low, high = asked["column"], asked["min_value"], asked["max_value"]
        some_bound(asked)
        of_type(column, "STRING")
        short = f"CHAR_LENGTH({column.sql}) {'<=' if asked['strict_min'] else '<'} {low.sql}" if low is not None else ""
        long = (
            f"CHAR_LENGTH({column.sql}) {'>=' if asked['strict_max'] else '>'} {high.sql}" if high is not None else ""
        )
        outside = " OR ".join(filter(None, (short, long)))
        bounds = f"{low or 0} and {'any number of' if high is None else high} letters"
        return asked.of_values(outside, f"{column.name} has not between {bounds}")
