"""Every query in WITH is read by someone."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from aggregator.compile.query import Query
from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.lint.protocol import Inspected


class UnusedCte:
    """A query in WITH that nothing reads."""

    code = Code(
        "L051",
        "unused-cte",
        """A query in WITH is read by nothing.

It is left over from a change, or the SELECT reads another one by mistake. Whoever reads the model has to understand it
all the same, and its tables count as inputs: when they change, partitions are built again for nothing. Remove it.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = """WITH delays AS (SELECT flight_date, dep_delay FROM staging.flights)
SELECT flight_date, COUNT(*) AS flights FROM staging.flights GROUP BY flight_date"""
    good = """WITH delays AS (SELECT flight_date, dep_delay FROM staging.flights)
SELECT flight_date, COUNT(*) AS flights FROM delays GROUP BY flight_date"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per query in WITH."""
        ctes = [cte for cte in subject.written.of(exp.CTE) if _is_written(cte, subject.query)]
        if not ctes:
            return
        mentions = [table for table in subject.written.of(exp.Table) if not table.db]
        for cte in ctes:
            name = cte.alias.casefold()
            if not any(each.name.casefold() == name and not _is_inside(each, cte) for each in mentions):
                place = subject.query.place_of(cte.args["alias"])
                yield Diagnostic(place, self.code, f"nothing reads {cte.alias}", "remove it")


def _is_written(cte: exp.CTE, query: Query) -> bool:
    """Pipe syntax becomes queries in WITH that nobody wrote, some of them with the name behind ``|> AS``."""
    alias = cte.args.get("alias")
    if alias is None or alias.this is None or "start" not in alias.this.meta:
        return False
    index = bisect.bisect_left(query.tokens, alias.this.meta["start"], key=lambda token: token.start)
    return index == 0 or query.tokens[index - 1].token_type is not TokenType.ALIAS


def _is_inside(node: exp.Expr, cte: exp.CTE) -> bool:
    parent = node.parent
    while parent is not None:
        if parent is cte:
            return True
        parent = parent.parent
    return False
