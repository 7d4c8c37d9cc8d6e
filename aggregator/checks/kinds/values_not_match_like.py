"""``expect_column_values_to_not_match_like_pattern``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, column, text
from aggregator.checks.literals import quoted
from aggregator.checks.protocol import Asked, Promise, of_type


class ValuesNotMatchLike:
    """No value is LIKE a pattern, where % stands for any text and _ for a letter."""

    name = "expect_column_values_to_not_match_like_pattern"
    short = ()
    bare = ""
    takes = (column(), text("like_pattern"), *OF_ROWS)
    example = '{column: tailnum, like_pattern: "%test%"}'

    def promise(self, asked: Asked) -> Promise | None:
        """The number of such values."""
        column = asked["column"]
        of_type(column, "STRING")
        return asked.of_values(
            f"{column.sql} LIKE {quoted(asked['like_pattern'])}",
            f"{column.name} is LIKE {asked['like_pattern']}",
        )
