"""``expect_table_column_count_to_equal``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, whole
from aggregator.checks.columns import never, read_by_people
from aggregator.checks.protocol import Asked, Promise


class ColumnCountEqual:
    """The table has exactly so many columns; known from the SELECT, without a row."""

    name = "expect_table_column_count_to_equal"
    short = ()
    bare = "value"
    takes = (whole("value", is_required=True), *OF_TABLE)
    example = "{value: 11}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        found = len(read_by_people(asked.model))
        if found and found != asked["value"].value:
            raise never(f"the number of columns is {found}, not {asked['value']}")
        return None
