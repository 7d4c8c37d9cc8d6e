"""``expect_column_distinct_values_to_equal_set``, as in Great Expectations."""

from __future__ import annotations

import dataclasses

from aggregator.checks.arguments import OF_NUMBER, column, values
from aggregator.checks.protocol import Asked, Promise


class DistinctEqualSet:
    """The different values are exactly those of a set; NULL is no value."""

    name = "expect_column_distinct_values_to_equal_set"
    short = ()
    bare = ""
    takes = (column(), values(), *OF_NUMBER)
    example = "{column: origin, value_set: [EWR, JFK, LGA]}"

    def promise(self, asked: Asked) -> Promise | None:
        """How many values are amiss."""
        value, wanted, name = asked.value(), len(set(asked["value_set"])), asked["column"].name
        found = f"COUNT(DISTINCT IF({value} IN ({asked.members}), {value}, NULL))"
        missing = asked.none_of(
            f"{wanted} - {found}", f"{{value}} of {wanted} values of the set do not occur in {name}"
        )
        others = asked.none_of(f"COUNT(DISTINCT {value}) - {found}", f"{{value}} values of {name} are not in the set")
        return asked.promise([dataclasses.replace(missing, over_nothing=wanted), others])
