"""``expect_table_column_count_to_be_between``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import COUNTS, OF_TABLE
from aggregator.checks.columns import never, read_by_people
from aggregator.checks.protocol import Asked, Promise, some_bound


class ColumnCountBetween:
    """The table has so many columns; known from the SELECT, without a row."""

    name = "expect_table_column_count_to_be_between"
    short = ()
    bare = ""
    takes = (*COUNTS, *OF_TABLE)
    example = "{max_value: 40}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        some_bound(asked)
        found = len(read_by_people(asked.model))
        complaint = asked.between("", "the number of columns", asked["min_value"], asked["max_value"]).broken_by(found)
        if found and complaint:
            raise never(complaint)
        return None
