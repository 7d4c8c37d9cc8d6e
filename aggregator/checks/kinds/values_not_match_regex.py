"""``expect_column_values_to_not_match_regex``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_ROWS, REGEX, column
from aggregator.checks.literals import quoted
from aggregator.checks.protocol import Asked, Promise


class ValuesNotMatchRegex:
    """A regular expression (RE2) is found in no value."""

    name = "expect_column_values_to_not_match_regex"
    short = ()
    bare = ""
    takes = (column(), REGEX, *OF_ROWS)
    example = '{column: tailnum, regex: "[a-z]"}'

    def promise(self, asked: Asked) -> Promise | None:
        """The number of such values."""
        column = asked["column"]
        return asked.of_values(
            f"REGEXP_CONTAINS({column.sql}, {quoted(asked['regex'])})",
            f"{column.name} matches {asked['regex']}",
        )
