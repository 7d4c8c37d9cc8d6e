"""``expect_multicolumn_sum_to_equal``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import IGNORE_MANY, OF_ROWS, columns, number, of_many
from aggregator.checks.protocol import Asked, Promise


class MulticolumnSum:
    """Several columns add up to a number in every row; rows of nothing but NULL do not count."""

    name = "expect_multicolumn_sum_to_equal"
    short = ()
    bare = ""
    takes = (columns(), number("sum_total", is_required=True), IGNORE_MANY, *OF_ROWS)
    example = "{column_list: [on_time, late, cancelled], sum_total: 1}"

    def promise(self, asked: Asked) -> Promise | None:
        """The number of rows where they do not."""
        total = " + ".join(each.sql for each in asked["column_list"])
        bad = f"COALESCE({total} != {asked['sum_total'].sql}, TRUE)"
        says = f"{' + '.join(asked.columns)} is not {asked['sum_total']}"
        return asked.of_rows(bad, of_many(asked), says)
