"""``expect_column_pair_values_a_to_be_greater_than_b``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import IGNORE, OF_ROWS, column, flag, of_pair
from aggregator.checks.protocol import Asked, Promise


class PairGreater:
    """One column is greater than another in every row; rows where both are NULL do not count."""

    name = "expect_column_pair_values_a_to_be_greater_than_b"
    short = ()
    bare = ""
    takes = (column("column_A"), column("column_B"), flag("or_equal"), IGNORE, *OF_ROWS)
    example = "{column_A: arrived_at, column_B: departed_at, or_equal: true}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of rows where it is not."""
        a, b = asked["column_A"], asked["column_B"]
        operator = ">=" if asked["or_equal"] else ">"
        bad = f"NOT COALESCE({a.sql} {operator} {b.sql}, FALSE)"
        return asked.of_rows(bad, of_pair(asked, a, b), f"{a.name} is not greater than {b.name}")
