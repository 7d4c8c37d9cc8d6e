"""A table must not depend on who builds it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aggregator.core.diagnostics import Code, Diagnostic, Layer
from aggregator.core.project import Kind
from aggregator.lint.protocol import Inspected


class Session:
    """``SESSION_USER()`` in a table."""

    code = Code(
        "L016",
        "session",
        """A table is made from the name of whoever builds it (`SESSION_USER`).

The scheduler, a colleague and you get three different tables, and the rows do not say which one they belong to. Put the
value into a column of the data, or into `variables:` of aggregator.yml. In a view, where it is the reader's name, it is
fine: that is how rows are shown to some and not to others.""",
        Layer.LINT,
    )
    bad = "SELECT flight_date, carrier, SESSION_USER() AS author FROM staging.flights"
    good = "SELECT flight_date, carrier, origin AS author FROM staging.flights"

    def check(self, subject: Inspected) -> Iterator[Diagnostic]:
        """One finding per call."""
        if subject.model.model.kind is Kind.VIEW:
            return
        for node in subject.written.of(exp.SessionUser, exp.CurrentUser):
            message = "the name of the user makes everyone's table another one"
            yield Diagnostic(subject.query.place_of(node), self.code, message, "take it from the data, or a variable")
