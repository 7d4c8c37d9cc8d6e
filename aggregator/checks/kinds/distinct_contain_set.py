"""``expect_column_distinct_values_to_contain_set``, as in Great Expectations."""

from __future__ import annotations

import dataclasses

from aggregator.checks.arguments import OF_NUMBER, column, values
from aggregator.checks.protocol import Asked, Promise


class DistinctContainSet:
    """Each value of a set occurs."""

    name = "expect_column_distinct_values_to_contain_set"
    short = ()
    bare = ""
    takes = (column(), values(), *OF_NUMBER)
    example = "{column: origin, value_set: [EWR, JFK, LGA]}"

    def promise(self, asked: Asked) -> Promise | None:
        """How many values are amiss."""
        value, wanted = asked.value(), len(set(asked["value_set"]))
        number = f"{wanted} - COUNT(DISTINCT IF({value} IN ({asked.members}), {value}, NULL))"
        missing = asked.none_of(
            number, f"{{value}} of {wanted} values of the set do not occur in {asked['column'].name}"
        )
        return asked.promise([dataclasses.replace(missing, over_nothing=wanted)])
