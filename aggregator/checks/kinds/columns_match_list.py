"""``expect_table_columns_to_match_ordered_list``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, names
from aggregator.checks.columns import never, read_by_people
from aggregator.checks.protocol import Asked, Promise


class ColumnsMatchList:
    """The table has exactly these columns, in this order; known from the SELECT, without a row."""

    name = "expect_table_columns_to_match_ordered_list"
    short = ()
    bare = ""
    takes = (names("column_list"), *OF_TABLE)
    example = "{column_list: [flight_date, carrier, flights]}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        wanted, found = asked["column_list"], read_by_people(asked.model)
        if found and [each.casefold() for each in wanted] != [each.casefold() for each in found]:
            raise never(f"the columns are {', '.join(found)}", "write them in the order of the SELECT")
        return None
