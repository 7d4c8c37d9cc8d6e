"""``expect_column_values_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import BOUNDS, OF_ROWS, column
from aggregator.checks.protocol import Asked, Promise, some_bound


class ValuesBetween:
    """Every value that is not NULL lies between two bounds: numbers, dates or texts, by the type of the column."""

    name = "expect_column_values_to_be_between"
    short = ("between",)
    bare = ""
    takes = (column(), *BOUNDS, *OF_ROWS)
    example = "{column: on_time_rate, min_value: 0, max_value: 1}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of values outside."""
        column, low, high = asked["column"], asked["min_value"], asked["max_value"]
        some_bound(asked)
        below = f"{column.sql} {'<=' if asked['strict_min'] else '<'} {low.sql}" if low is not None else ""
        above = f"{column.sql} {'>=' if asked['strict_max'] else '>'} {high.sql}" if high is not None else ""
        outside = " OR ".join(filter(None, (below, above)))
        bounds = f"{'-inf' if low is None else low} and {'inf' if high is None else high}"
        return asked.of_values(outside, f"{column.name} is not between {bounds}")
