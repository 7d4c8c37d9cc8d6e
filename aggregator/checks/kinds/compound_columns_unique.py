"""``expect_compound_columns_to_be_unique``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_NUMBER, columns
from aggregator.checks.protocol import Asked, Promise


class CompoundColumnsUnique:
    """No two rows of a partition share the values of several columns; rows of nothing but NULL do not count."""

    name = "expect_compound_columns_to_be_unique"
    short = ()
    bare = ""
    takes = (columns(), *OF_NUMBER)
    example = "{column_list: [carrier, flight]}"

    def promise(self, asked: Asked) -> Promise | None:
        """How many rows repeat the values of another one."""
        names = [each.sql for each in asked["column_list"]]
        some = " OR ".join(f"{name} IS NOT NULL" for name in names)
        counted = f"({asked.condition}) AND ({some})" if asked.condition else f"({some})"
        values = f"TO_JSON_STRING(STRUCT({', '.join(names)}))"
        number = f"COUNTIF({counted}) - COUNT(DISTINCT IF({counted}, {values}, NULL))"
        bad = f"{counted} AND COUNT(*) OVER (PARTITION BY {counted}, {', '.join(names)}) > 1"
        repeated = asked.none_of(number, f"{{value}} rows repeat the values of {', '.join(asked.columns)}")
        return asked.promise([repeated], failing=bad, is_window=True)
