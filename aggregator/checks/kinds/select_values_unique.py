"""``expect_select_column_values_to_be_unique_within_record``, as in Great Expectations."""

from __future__ import annotations

import itertools

from aggregator.checks.arguments import IGNORE_MANY, OF_ROWS, columns, of_many
from aggregator.checks.protocol import Asked, Promise


class SelectValuesUnique:
    """Several columns differ from each other in every row; rows of nothing but NULL do not count."""

    name = "expect_select_column_values_to_be_unique_within_record"
    short = ()
    bare = ""
    takes = (columns(), IGNORE_MANY, *OF_ROWS)
    example = "{column_list: [origin, dest]}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of rows where two are equal."""
        names = [each.sql for each in asked["column_list"]]
        pairs = itertools.combinations(names, 2)
        bad = " OR ".join(f"{a} = {b} OR ({a} IS NULL AND {b} IS NULL)" for a, b in pairs)
        return asked.of_rows(bad, of_many(asked), f"two of {', '.join(asked.columns)} are equal")
