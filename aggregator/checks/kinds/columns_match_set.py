"""``expect_table_columns_to_match_set``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, flag, names
from aggregator.checks.columns import never, read_by_people
from aggregator.checks.protocol import Asked, Promise


class ColumnsMatchSet:
    """The table has these columns, and no others unless `exact_match: false`; known from the SELECT, without a row."""

    name = "expect_table_columns_to_match_set"
    short = ()
    bare = ""
    takes = (names("column_set"), flag("exact_match"), *OF_TABLE)
    example = "{column_set: [flight_date, carrier, flights]}"

    def promise(self, asked: Asked) -> Promise | None:
        """Nothing has to be asked."""
        wanted, found = asked["column_set"], read_by_people(asked.model)
        missing = [each for each in wanted if each.casefold() not in {name.casefold() for name in found}]
        surplus = [each for each in found if each.casefold() not in {name.casefold() for name in wanted}]
        if found and missing:
            raise never(f"the table has no column {', '.join(missing)}", f"there are: {', '.join(found)}")
        if surplus and asked["exact_match"] is not False:
            raise never(
                f"the table has other columns, too: {', '.join(surplus)}", "add them, or say `exact_match: false`"
            )
        return None
