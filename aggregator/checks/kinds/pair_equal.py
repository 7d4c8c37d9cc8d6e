"""``expect_column_pair_values_to_be_equal``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import IGNORE, OF_ROWS, column, of_pair
from aggregator.checks.protocol import Asked, Promise


class PairEqual:
    """Two columns are equal in every row; rows where both are NULL do not count."""

    name = "expect_column_pair_values_to_be_equal"
    short = ()
    bare = ""
    takes = (column("column_A"), column("column_B"), IGNORE, *OF_ROWS)
    example = "{column_A: origin, column_B: departed_from}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of rows where it is not."""
        a, b = asked["column_A"], asked["column_B"]
        bad = f"NOT COALESCE({a.sql} = {b.sql}, FALSE)"
        return asked.of_rows(bad, of_pair(asked, a, b), f"{a.name} and {b.name} differ")
