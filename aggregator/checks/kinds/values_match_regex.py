"""``expect_column_values_to_match_regex``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, REGEX, column
from aggregator.checks.literals import quoted
from aggregator.checks.protocol import Asked, Promise


class ValuesMatchRegex:
    """A regular expression (RE2) is found in every value that is not NULL; `^` and `$` hold it to the ends."""

    name = "expect_column_values_to_match_regex"
    short = ("matches",)
    bare = ""
    takes = (column(), REGEX, *OF_ROWS)
    example = '{column: tailnum, regex: "^N[0-9]"}'

    def promise(self, asked: Asked) -> Promise | None:
        """The number of such values."""
        column = asked["column"]
        return asked.of_values(
            f"NOT REGEXP_CONTAINS({column.sql}, {quoted(asked['regex'])})",
            f"{column.name} does not match {asked['regex']}",
        )
