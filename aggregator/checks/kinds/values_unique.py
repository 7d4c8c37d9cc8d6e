"""``expect_column_values_to_be_unique``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_NUMBER, column
from aggregator.checks.protocol import Asked, Promise


class ValuesUnique:
    """No two rows of a partition share a value; NULL is no value."""

    name = "expect_column_values_to_be_unique"
    short = ("unique",)
    bare = "column"
    takes = (column(), *OF_NUMBER)
    example = "{column: flight_id}"

    def promise(self, asked: Asked) -> Promise | None:
        """How many rows repeat a value of another one: one less than there are of each."""
        column, value = asked["column"], asked.value()
        number = f"COUNT({value}) - COUNT(DISTINCT {value})"
        bad = f"{value} IS NOT NULL AND COUNT(*) OVER (PARTITION BY {value}) > 1"
        repeated = asked.none_of(number, f"{{value}} rows repeat a value of {column.name}")
        return asked.promise([repeated], failing=bad, is_window=True)
