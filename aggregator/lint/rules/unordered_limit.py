"""``LIMIT`` must say which rows it keeps."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.lint.protocol import Inspected


class UnorderedLimit:
    """``LIMIT`` without ``ORDER BY``."""

    code = Code(
        "L002",
        "unordered-limit",
        """A `LIMIT` stands without an `ORDER BY`.

Which rows it keeps is then up to the engine and differs from run to run. Order by something unique, or leave the
LIMIT out: a table that is only looked at is limited by the one who looks.""",
        Layer.LINT,
    )
    bad = "SELECT carrier, flights FROM marts.daily_performance LIMIT 10"
    good = "SELECT carrier, flights FROM marts.daily_performance ORDER BY flights DESC, carrier LIMIT 10"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per LIMIT."""
        for limit in subject.written.of(exp.Limit):
            query = limit.parent
            if isinstance(query, exp.Query) and not query.args.get("order"):
                message = "LIMIT without ORDER BY keeps arbitrary rows"
                place = subject.query.place_of(limit)
                yield Diagnostic(place, self.code, message, "add ORDER BY over columns that are unique together")
