"""``unexpected_rows_expectation``, as in Great Expectations."""

from __future__ import annotations

from aggregator.checks.arguments import OF_TABLE, text
from aggregator.checks.conditions import bad_rows
from aggregator.checks.protocol import Asked, Promise


class UnexpectedRows:
    """A SELECT of your own gives no rows. The table's own name, or `{batch}`, stands for the rows of the partition."""

    name = "unexpected_rows_expectation"
    short = ("sql",)
    bare = "unexpected_rows_query"
    takes = (text("unexpected_rows_query"), *OF_TABLE)
    example = '{unexpected_rows_query: "SELECT * FROM marts.daily WHERE late > flights"}'

    def promise(self, asked: Asked) -> Promise | None:
        """The rows of the SELECT."""
        sql, others = bad_rows(asked["unexpected_rows_query"], asked.model, at=asked["unexpected_rows_query"])
        return asked.promise(
            query=sql,
            reads=tuple((each, "") for each in others),
            complaint=asked.described("{value} rows are not as they should be"),
        )
