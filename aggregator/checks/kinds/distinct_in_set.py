"""``expect_column_distinct_values_to_be_in_set``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_NUMBER, column, values
from aggregator.checks.protocol import Asked, Promise


class DistinctInSet:
    """The different values are all in a set; NULL is no value."""

    name = "expect_column_distinct_values_to_be_in_set"
    short = ()
    bare = ""
    takes = (column(), values(), *OF_NUMBER)
    example = "{column: origin, value_set: [EWR, JFK, LGA]}"

    def promise(self, asked: Asked) -> Promise | None:
        """How many values are amiss."""
        value = asked.value()
        number = f"COUNT(DISTINCT IF({value} NOT IN ({asked.members}), {value}, NULL))"
        bad = f"{value} NOT IN ({asked.members})"
        others = asked.none_of(number, f"{{value}} values of {asked['column'].name} are not in the set")
        return asked.promise([others], failing=bad)
