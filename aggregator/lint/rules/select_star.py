"""A table's columns are listed, not inherited."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.compile import Subject
from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.core.project import Kind


class SelectStar:
    """``SELECT *`` as the output of a table."""

    code = Code(
        "L003",
        "select-star",
        """The output of a table is `SELECT *`.

A column added upstream would then appear in this table, and one removed would vanish from it, without anyone having
decided so; a dashboard breaks. It also reads every column, and BigQuery bills by the columns read. List the columns.
`SELECT *` inside WITH, and in a view, is fine.""",
        Layer.LINT,
    )
    bad = "SELECT * FROM staging.flights"
    good = "SELECT flight_date, carrier, origin FROM staging.flights"

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """One finding per star in the final SELECT, or in a branch of a final UNION."""
        if subject.model.model.kind is Kind.VIEW:
            return
        for select in _final_selects(subject.query.tree):
            for item in select.expressions:
                if item.is_star and "start" in item.find(exp.Star).meta:  # pipe syntax ends in a star that nobody wrote
                    message = "SELECT * lets the columns of this table change by themselves"
                    place = subject.query.place_of(item)
                    yield Diagnostic(place, self.code, message, "list the columns")


def _final_selects(query: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from _final_selects(query.left)
        yield from _final_selects(query.right)
    elif isinstance(query, exp.Subquery):
        yield from _final_selects(query.this)
    elif isinstance(query, exp.Select):
        yield query
