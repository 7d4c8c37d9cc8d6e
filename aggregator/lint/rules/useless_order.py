"""Tables and subqueries have no order."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer, Severity
from aggregator.core.project import Kind
from aggregator.lint.protocol import Inspected


class UselessOrder:
    """``ORDER BY`` whose order nobody sees."""

    code = Code(
        "L062",
        "useless-order",
        """ORDER BY stands in a subquery, in WITH, or at the end of a table's SELECT, without a LIMIT.

A table has no order: the next query may read its rows in any. The sorting is paid for, on BigQuery by a single worker,
which runs out of memory on large results ("resources exceeded"). Remove it, and order where the rows are looked at. To
keep rows together on disk, declare `cluster:`.""",
        Layer.LINT,
        Severity.WARNING,
    )
    bad = "SELECT flight_date, carrier, dep_delay FROM staging.flights ORDER BY dep_delay DESC"
    good = """SELECT flight_date, carrier, dep_delay FROM staging.flights
QUALIFY ROW_NUMBER() OVER (PARTITION BY flight_date ORDER BY dep_delay DESC, carrier, flight, origin) <= 10"""

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per ORDER BY."""
        if "|>" in subject.query.text:
            return  # each step of a pipe becomes a query of its own
        for order in subject.written.of(exp.Order):
            query = order.parent
            if not isinstance(query, exp.Query) or query.args.get("limit") or query.args.get("offset"):
                continue
            if _is_final(query):
                useless = subject.model.model.kind is Kind.TABLE
                where = "the rows of a table have no order"
            else:
                useless, where = not _is_limited_or_array(query), "the rows of a subquery have no order"
            if useless:
                yield Diagnostic(subject.query.place_of(order), self.code, where, "remove ORDER BY, or add a LIMIT")


def _is_final(query: exp.Expr) -> bool:
    while isinstance(query.parent, exp.Subquery):
        query = query.parent
    return query.parent is None


def _is_limited_or_array(query: exp.Expr) -> bool:
    """Whether the order of a subquery is looked at: by the LIMIT around its parentheses, or by ARRAY(…)."""
    parent = query.parent
    while isinstance(parent, (exp.Subquery, exp.Paren)):
        if parent.args.get("limit") or parent.args.get("offset"):
            return True
        parent = parent.parent
    return isinstance(parent, exp.Array)
